import assert from "node:assert/strict";
import { createClient } from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { assertFails, until } from "../helpers/settled.ts";
import type { CallTest } from "./call_suite.ts";
import { Numbers, Streaming } from "./stream_stage.ts";

/** What becomes of a stream that is not read any more. */
export function stoppingTests(test: CallTest): void {
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
