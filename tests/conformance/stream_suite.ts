import assert from "node:assert/strict";
import {
  actor,
  type CallerSystem,
  createClient,
  createSystem,
  defineEntity,
  defineService,
  type HandlerContext,
  type ItemStream,
  method,
  RpcError,
  type System,
  type,
} from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { freshName } from "../broker/shared.ts";
import { capitals } from "../helpers/schemas.ts";
import { assertFails, failureOf, until } from "../helpers/settled.ts";
import type { CallSuiteFixture } from "./call_suite.ts";

type Test = (promise: string, run: (fixture: CallSuiteFixture) => Promise<void>) => void;
type Handler = (
  input: unknown,
  context: HandlerContext,
) => AsyncIterable<unknown> | Iterable<unknown> & object;

function freshContract() {
  return defineService(freshName("Stream"), {
    read: method.stream<unknown, unknown>(),
    capital: method.stream<unknown, string, never, unknown, string>({ item: capitals }),
    short: method.stream<void, void, { Short: { missing: number } }>({ errors: { Short: type() } }),
    echo: method<unknown, unknown>({ safe: true }),
  });
}

/** A server and a caller on a contract of their own. */
class Streaming implements AsyncDisposable {
  readonly contract: ReturnType<typeof freshContract>;
  readonly server: System;
  readonly caller: CallerSystem;

  private constructor(
    contract: ReturnType<typeof freshContract>,
    server: System,
    caller: CallerSystem,
  ) {
    this.contract = contract;
    this.server = server;
    this.caller = caller;
  }

  static async start(fixture: CallSuiteFixture, read: Handler): Promise<Streaming> {
    const contract = freshContract();
    const server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(contract, {
      read,
      *capital() {
        yield* ["one", "BAD" as never, 7 as never, "two"];
      },
      *short(_, ctx) {
        yield undefined;
        throw ctx.error("Short", { missing: 5 });
      },
      echo: (input) => input,
    });
    return new Streaming(
      contract,
      server,
      await createClient({ name: "reader", transport: fixture.transport() }),
    );
  }

  get client() {
    return this.caller.client(this.contract, { timeoutMs: 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.caller.close();
    await this.server.close();
  }
}

/** Numbers from 1 to `to`, which tell what becomes of whoever makes them. */
class Numbers {
  made = 0;
  /** Resolves when it was stopped or has come to its end. */
  readonly stopped = createDeferred<void>();

  async *upTo(to: number): AsyncGenerator<number> {
    try {
      while (this.made < to) yield await Promise.resolve(++this.made);
    } finally {
      this.stopped.resolve();
    }
  }
}

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Reads a stream up to its failure. */
async function brokenOff<T>(stream: ItemStream<T>): Promise<readonly [T[], RpcError]> {
  const items: T[] = [];
  const failure = await failureOf((async () => {
    for await (const item of stream) items.push(item);
  })());
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
  return [items, failure];
}

function counted(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** What a stream does on every transport. */
export function streams(test: Test): void {
  reading(test);
  ending(test);
  stopping(test);
  surroundings(test);
}

function reading(test: Test): void {
  test("that is a stream gives all items in order, several streams and calls at once", async (fixture) => {
    await using at = await Streaming.start(fixture, async function* (to) {
      for (const n of counted(Number(to))) yield n % 10 === 0 ? await Promise.resolve(n) : n;
    });
    const lengths = [0, 1, 64, 65, 300];
    const [read, echoed] = await Promise.all([
      Promise.all(lengths.map((length) => allOf(at.client.read(length)))),
      Promise.all(lengths.map((length) => at.client.echo(length))),
    ]);
    assert.deepEqual([read, echoed], [lengths.map(counted), lengths]);
    assert.equal(at.caller.pending, 0);
    await until(() => at.server.services()[0]?.unsettled === 0);
  });

  test("that is a stream is made no faster than it is read, by items and by bytes", async (fixture) => {
    const numbers = new Numbers();
    const large = new Numbers();
    await using at = await Streaming.start(fixture, async function* (kind) {
      if (kind === "items") return yield* numbers.upTo(400);
      for await (const n of large.upTo(20)) yield String(n).padStart(200_000);
    });
    const small = at.client.read("items");
    const texts = at.client.read("bytes");
    await Promise.all([small.next(), texts.next()]);
    await until(() => numbers.made >= 64 && large.made >= 6);
    // What is on its way may not be here yet; more than the credit never comes.
    assert.deepEqual(await at.client.echo("beside"), "beside");
    assert.ok(numbers.made <= 66 && large.made <= 8, `${numbers.made} and ${large.made} were made`);
    assert.equal((await allOf(small)).length, 399);
    assert.deepEqual(
      (await allOf(texts)).map((text) => String(text).trim()),
      counted(20).slice(1).map(String),
    );
  });

  test("that is a stream brings what the item's schema made, up to an item that it refuses", async (fixture) => {
    await using at = await Streaming.start(fixture, () => []);
    const [items, failure] = await brokenOff(at.client.capital(1));
    assert.deepEqual(items, ["ONE", "BAD"]);
    assert.deepEqual([failure.code, failure.outcome], ["internal", "executed_reply_lost"]);
    assert.match(failure.message, /item/);
  });
}

function ending(test: Test): void {
  test("that is a stream fails behind its items: as declared, by code, or because it crashed", async (fixture) => {
    await using at = await Streaming.start(fixture, async function* (kind) {
      yield* ["a", "b"];
      if (kind === "refuse") throw await Promise.resolve(new RpcError("not_found", "Kein Konto „ä“"));
      throw new Error("a secret");
    });
    const [refusedItems, refused] = await brokenOff(at.client.read("refuse"));
    const [crashedItems, crashed] = await brokenOff(at.client.read("crash"));
    const [, short] = await brokenOff(at.client.short());
    assert.deepEqual([refusedItems, crashedItems], [["a", "b"], ["a", "b"]]);
    assert.deepEqual([refused.code, refused.outcome, refused.message], [
      "not_found",
      "replied",
      "Kein Konto „ä“",
    ]);
    assert.deepEqual([crashed.code, crashed.outcome], ["internal", "replied"]);
    assert.ok(!crashed.message.includes("secret") && short.is(at.contract, "Short"));
    assert.deepEqual(short.details, { missing: 5 });
    assert.equal(at.server.services()[0]?.deadLetters, 0);
  });

  test("that is a stream and fails before its first item fails like any call", async (fixture) => {
    await using at = await Streaming.start(fixture, function* (kind) {
      yield* [];
      if (kind === "refuse") throw new RpcError("not_found", "none");
      throw new Error("a secret");
    });
    await assertFails(at.client.read("refuse").next(), "not_found", "replied");
    await assertFails(at.client.read("crash").next(), "internal", "replied");
    await until(() => at.server.services()[0]?.deadLetters === 1);
  });

  test("that is a stream ends at its deadline, and its handler is told", async (fixture) => {
    const told = createDeferred<unknown>();
    await using at = await Streaming.start(fixture, async function* (_, { signal }) {
      yield 1;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
        .catch((reason) => {
          told.resolve(reason);
          throw reason;
        });
    });
    await at.client.echo(0);
    const [items, failure] = await brokenOff(at.client.read(0, { timeoutMs: 4_000 }));
    assert.deepEqual([items, failure.code], [[1], "deadline_exceeded"]);
    assert.equal(RpcError.from(await told.promise).code, "deadline_exceeded");
  });

  test("that is a stream is refused where the method is none, and a call where it is one", async (fixture) => {
    await using at = await Streaming.start(fixture, () => []);
    const { name } = at.contract;
    const wrong = at.caller.client(defineService(name, {
      read: method<void, unknown>(),
      echo: method.stream<unknown, unknown>(),
    }));
    await assertFails(wrong.read(), "unimplemented", "rejected");
    await assertFails(wrong.echo(1).next(), "unimplemented", "rejected");
    const untyped = at.caller.invoke({ contract: name, method: "read" }, 1);
    assert.match((await assertFails(untyped, "unimplemented", "rejected")).message, /stream/);
  });
}

function stopping(test: Test): void {
  test("that is a stream stops its handler when it is not read any more", async (fixture) => {
    const made = new Map<unknown, Numbers>(
      ["break", "signal", "dispose"].map((kind) => [kind, new Numbers()]),
    );
    await using at = await Streaming.start(fixture, (kind) => made.get(kind)?.upTo(Infinity) ?? []);
    for await (const n of at.client.read("break")) if (n === 100) break;
    const controller = new AbortController();
    const aborted = at.client.read("signal", { signal: controller.signal });
    await aborted.next();
    controller.abort();
    // What had come is dropped: whoever aborts does not want it.
    await assertFails(aborted.next(), "cancelled", "sent_unknown");
    {
      await using stream = at.client.read("dispose");
      assert.equal((await stream.next()).value, 1);
    }
    for (const numbers of made.values()) await numbers.stopped.promise;
    assert.equal(at.caller.pending, 0);
    await until(() => at.server.services()[0]?.unsettled === 0);
  });

  test("that is a stream is not made before it is read, nor after it was ended", async (fixture) => {
    let runs = 0;
    await using at = await Streaming.start(fixture, () => (runs++, [1]));
    const unread = at.client.read(1);
    assert.deepEqual(await unread.return(), { done: true, value: undefined });
    assert.deepEqual(await unread.next(), { done: true, value: undefined });
    const refused = at.client.read(1, { signal: AbortSignal.abort() });
    await assertFails(refused.next(), "cancelled", "not_sent");
    assert.equal(await at.client.echo(1), 1);
    assert.equal(runs, 0);
  });

  test("that is a stream and gives no item stops its handler too", async (fixture) => {
    const started = createDeferred<void>();
    const told = createDeferred<void>();
    await using at = await Streaming.start(fixture, async function* (_, { signal }) {
      started.resolve();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      told.resolve();
      signal.throwIfAborted();
      yield 1;
    });
    const stream = at.client.read(1);
    const step = stream.next();
    await started.promise;
    await stream.return();
    assert.deepEqual(await step, { done: true, value: undefined });
    await told.promise;
  });

  test("that is a stream ends with cancelled when its client is closed or drained", async (fixture) => {
    const made = [new Numbers(), new Numbers()];
    await using at = await Streaming.start(fixture, (index) => made[Number(index)]?.upTo(Infinity) ?? []);
    const drained = await createClient({ transport: fixture.transport() });
    const one = drained.client(at.contract).read(0);
    const other = at.client.read(1);
    await Promise.all([one.next(), other.next()]);
    await drained[Symbol.asyncDispose]();
    await at.caller.close();
    await assertFails(one.next(), "cancelled", "sent_unknown");
    await assertFails(other.next(), "cancelled", "sent_unknown");
    await made[0]?.stopped.promise;
  });
}

function surroundings(test: Test): void {
  test("that is a stream is seen by interceptors of both ends, and by invoke", async (fixture) => {
    const contract = defineService(freshName("Stream"), { read: method.stream<number, number>() });
    const seen: string[] = [];
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(contract, { read: (to) => counted(to) }, {
      interceptors: [async ({ method: name, input, context }, next) => {
        if (context.headers.get("token") !== "yes") throw new RpcError("unauthenticated", "Who are you?");
        seen.push(`handler ${name}`);
        return await next({ contract: contract.name, method: name, input: Number(input) + 1, context });
      }],
    });
    await using caller = await createClient({
      transport: fixture.transport(),
      interceptors: [async (call, next) => {
        seen.push(`call ${call.kind}`);
        try {
          return await next(call);
        } catch (error) {
          assert.equal(RpcError.from(error).code, "unauthenticated");
          return await next({ ...call, options: { ...call.options, headers: { token: "yes" } } });
        }
      }],
    });
    assert.deepEqual(await allOf(caller.client(contract, { timeoutMs: 10_000 }).read(2)), [1, 2, 3]);
    const invoked = await caller.invoke({ contract, method: "read" }, 1, { timeoutMs: 10_000 });
    assert.ok(typeof invoked === "object" && invoked !== null && Symbol.asyncIterator in invoked);
    assert.deepEqual(await allOf(invoked as AsyncIterable<unknown>), [1, 2]);
    assert.deepEqual(seen, ["call stream", "handler read", "call stream", "handler read"]);
  });

  test("that is a stream and nested in another inherits its deadline, its path and its end", async (fixture) => {
    const inner = defineService(freshName("Inner"), { read: method.stream<void, unknown>() });
    const outer = defineService(freshName("Outer"), { read: method.stream<void, unknown>() });
    const stopped = createDeferred<void>();
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(inner, {
      async *read(_, ctx) {
        try {
          yield ctx.remainingMs() <= 7_000;
          while (true) yield await Promise.resolve("more");
        } finally {
          stopped.resolve();
        }
      },
    });
    await server.serve(outer, {
      async *read(_, ctx) {
        yield* ctx.client(inner).read();
      },
    });
    await using caller = await createClient({ transport: fixture.transport() });
    for await (const item of caller.client(outer).read(undefined, { timeoutMs: 7_000 })) {
      if (item === "more") break;
      assert.equal(item, true);
    }
    await stopped.promise;
  });

  test("that is a stream runs in actors too, one at a time, and holds its key", async (fixture) => {
    const transport = fixture.transport();
    const contract = defineService(freshName("Stream"), {
      state: method.stream<void, number>(),
      keyed: method.stream({ input: type<string>(), item: type<string>(), key: (input: string) => input }),
    });
    await using server = await createSystem({ name: "server", transport });
    const gate = createDeferred<void>();
    let runs = 0;
    await server.serve(contract, {
      state: actor(() => {
        let calls = 0;
        return function* () {
          calls++;
          for (let n = 0; n < 3; n++) yield calls;
        };
      }),
      async *keyed(key) {
        const run = ++runs;
        yield `${key} ${run}`;
        if (run === 1) await gate.promise;
        yield `${key} ${run} ends`;
      },
    });
    await using caller = await createClient({ transport: fixture.transport() });
    const client = caller.client(contract, { timeoutMs: 20_000 });
    const both = await Promise.all([allOf(client.state()), allOf(client.state())]);
    assert.deepEqual(both.sort(), [[1, 1, 1], [2, 2, 2]]);
    const first = client.keyed("k");
    await first.next();
    const second = allOf(client.keyed("k"));
    assert.deepEqual(await allOf(client.state()), [3, 3, 3]);
    assert.equal(runs, 1);
    gate.resolve();
    assert.deepEqual(await allOf(first), ["k 1 ends"]);
    assert.deepEqual(await second, ["k 2", "k 2 ends"]);
    if (!transport.capabilities.ownedPartitions) return;
    const entity = defineEntity(freshName("Ledger"), { lines: method.stream<void, string>() });
    await server.serve(entity, (key) => {
      let calls = 0;
      return { lines: () => [`${key} ${++calls}`] };
    });
    const ledger = caller.client(entity, { timeoutMs: 10_000 }).at("acc-1");
    assert.deepEqual([await allOf(ledger.lines()), await allOf(ledger.lines())], [["acc-1 1"], ["acc-1 2"]]);
  });
}
