import assert from "node:assert/strict";
import { driveItems } from "../../../actors/cells/items.ts";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import type { ItemSink } from "../../../src/call/item_sink.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { failureOf, turns } from "../../helpers/settled.ts";

/** Has room for so many items until it is given more. */
class Sink implements ItemSink {
  begun = false;
  readonly items: unknown[] = [];
  room_ = Infinity;
  over: RpcError | undefined;
  #waiting: Deferred<void> | undefined;

  room(): Promise<void> | undefined {
    if (this.over !== undefined) throw this.over;
    if (this.items.length < this.room_) return undefined;
    return (this.#waiting ??= createDeferred<void>()).promise;
  }
  push(item: unknown): undefined {
    if (this.over !== undefined) throw this.over;
    this.begun = true;
    this.items.push(item);
  }
  release(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
  give(more: number): void {
    this.room_ += more;
    this.release();
  }
}

const NEVER = new AbortController().signal;

Deno.test("driveItems takes whatever can be iterated to its end, in order", async () => {
  const kinds: readonly (() => unknown)[] = [
    () => [1, Promise.resolve(2), 3],
    () => new Set([1, 2, 3]),
    () => Promise.resolve([1, 2, 3]),
    function* () {
      yield* [1, 2, 3];
    },
    async function* () {
      yield* await Promise.resolve([1, 2, 3]);
    },
    () => ReadableStream.from([1, 2, 3]),
  ];
  for (const produce of kinds) {
    const sink = new Sink();
    assert.equal(await driveItems(produce(), sink, NEVER, "read"), undefined);
    assert.deepEqual(sink.items, [1, 2, 3]);
  }
});

Deno.test("driveItems refuses what cannot be iterated, and texts", async () => {
  for (const produced of [5, "abc", null, undefined, {}, () => []]) {
    await assert.rejects(driveItems(produced, new Sink(), NEVER, "read"), {
      name: "TypeError",
      message: /^The handler of the stream "read" must be a generator function/,
    });
  }
});

Deno.test("driveItems makes nothing that there is no room for", async () => {
  let made = 0;
  const sink = new Sink();
  sink.room_ = 2;
  const driving = driveItems(
    (function* () {
      for (; made < 5;) yield ++made;
    })(),
    sink,
    NEVER,
    "read",
  );
  await turns();
  assert.equal(made, 2);
  sink.give(1);
  await turns();
  assert.equal(made, 3);
  sink.give(Infinity);
  await driving;
  assert.equal(made, 5);
});

Deno.test("driveItems stops a handler that waits for room, or for something else, when its call is aborted", async () => {
  for (const room of [1, Infinity]) {
    const controller = new AbortController();
    const sink = new Sink();
    sink.room_ = room;
    let stopped = false;
    const waiting = createDeferred<void>();
    const driving = driveItems(
      (async function* () {
        try {
          yield 1;
          await waiting.promise;
          yield 2;
        } finally {
          stopped = true;
        }
      })(),
      sink,
      controller.signal,
      "read",
    );
    await turns();
    const reason = new RpcError("cancelled", "enough");
    controller.abort(reason);
    waiting.resolve();
    assert.equal(await failureOf(driving), reason);
    assert.deepEqual([stopped, sink.items], [true, [1]]);
  }
});

Deno.test("driveItems calls return() at once, for iterators that wait for it", async () => {
  const controller = new AbortController();
  const next = createDeferred<IteratorResult<number>>();
  let returned = 0;
  const iterator: AsyncIterableIterator<number> = {
    next: () => next.promise,
    return: () => {
      returned++;
      next.resolve({ done: true, value: undefined });
      return next.promise;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  const driving = driveItems(iterator, new Sink(), controller.signal, "read");
  await turns();
  controller.abort(new RpcError("cancelled", "enough"));
  assert.equal((await failureOf(driving)).code, "cancelled");
  assert.equal(returned, 1);
});

Deno.test("driveItems ends the handler when the sink takes no more, and tells what its end throws", async () => {
  const over = new RpcError("unavailable", "gone");
  const produce = function* (atEnd: () => void) {
    try {
      yield 1;
      yield 2;
    } finally {
      atEnd();
    }
  };
  const sink = new Sink();
  sink.push = () => {
    throw over;
  };
  let ended = 0;
  assert.equal(await failureOf(driveItems(produce(() => ended++), sink, NEVER, "read")), over);
  assert.equal(ended, 1);
  const crash = () => {
    throw new Error("in finally");
  };
  await assert.rejects(driveItems(produce(crash), sink, NEVER, "read"), { message: "in finally" });
});

Deno.test("driveItems throws what the handler threw, and returns nothing to it any more", async () => {
  let returned = 0;
  const iterator = {
    next: () => Promise.reject(new Error("broken")),
    return: () => ++returned,
    [Symbol.asyncIterator]: () => iterator,
  };
  await assert.rejects(driveItems(iterator, new Sink(), NEVER, "read"), { message: "broken" });
  assert.equal(returned, 0);
});
