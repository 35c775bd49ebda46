import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { type ItemSource, OpenStream, ReadStream } from "../../../src/client/item_stream.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { failureOf } from "../../helpers/settled.ts";

const DONE = { done: true, value: undefined } as const;

class Source implements ItemSource {
  readonly items: unknown[];
  returned = 0;

  constructor(...items: readonly unknown[]) {
    this.items = [...items];
  }
  next(): Promise<IteratorResult<unknown, undefined>> {
    return Promise.resolve(this.items.length === 0 ? DONE : { done: false, value: this.items.shift() });
  }
  return(): Promise<IteratorResult<unknown, undefined>> {
    this.returned++;
    return Promise.resolve(DONE);
  }
}

Deno.test("ReadStream is opened by its first next, once, and read once", async () => {
  let opened = 0;
  const stream = new ReadStream(() => {
    opened++;
    return Promise.resolve(new Source(1, 2));
  });
  assert.equal(opened, 0);
  const steps = await Promise.all([stream.next(), stream.next(), stream.next(), stream.next()]);
  assert.deepEqual(steps, [{ done: false, value: 1 }, { done: false, value: 2 }, DONE, DONE]);
  const again: unknown[] = [];
  for await (const item of stream) again.push(item);
  assert.deepEqual([again, opened], [[], 1]);
});

Deno.test("ReadStream that was ended before it was read is never opened", async () => {
  const stream = new ReadStream(() => assert.fail("nobody reads it"));
  assert.deepEqual([await stream.return(), await stream.next()], [DONE, DONE]);
  await stream[Symbol.asyncDispose]();
});

Deno.test("ReadStream throws why it did not open, once", async () => {
  const failure = new RpcError("unavailable", "nobody there");
  const stream = new ReadStream(() => Promise.reject(failure));
  assert.equal(await failureOf(stream.next()), failure);
  assert.deepEqual([await stream.next(), await stream.return()], [DONE, DONE]);
});

Deno.test("ReadStream that is ended while it is opened tells whoever opens it, and gives no error", async () => {
  const opening = createDeferred<ItemSource>();
  let told: AbortSignal | undefined;
  const stream = new ReadStream((signal) => {
    told = signal;
    return opening.promise;
  });
  const step = stream.next();
  const ended = stream.return();
  assert.equal(told?.aborted, true);
  opening.reject(new RpcError("cancelled", "as it was told"));
  assert.deepEqual([await step, await ended], [DONE, DONE]);
});

Deno.test("ReadStream and OpenStream end what they read from", async () => {
  const source = new Source(1, 2);
  {
    await using stream = new ReadStream(() => Promise.resolve(new OpenStream(source)));
    assert.deepEqual(await stream.next(), { done: false, value: 1 });
  }
  assert.equal(source.returned, 1);
  await using open = new OpenStream(source);
  for await (const item of open) assert.equal(item, 2);
  await open.return();
  assert.equal(source.returned, 2);
});
