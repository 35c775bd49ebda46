/** Calls of foreign contracts whose output takes time to be checked. */
import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Schema } from "../../../src/contract/schema.ts";
import { CallerFixture } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

class Fixture extends CallerFixture {
  readonly check = createDeferred<unknown>();
  readonly #slow: Schema<unknown, unknown> = {
    "~standard": { version: 1, vendor: "test", validate: async () => ({ value: await this.check.promise }) },
  };
  readonly contract = defineService("test.Foreign", { run: method({ output: this.#slow }) }, {
    foreign: true,
  });

  async start(options = {}): Promise<{ readonly call: Promise<unknown> }> {
    const call = this.call(this.contract, "run", 1, options);
    await turns();
    this.answer(0, "raw");
    return { call };
  }
}

Deno.test("Caller waits for the check of an output, and drops a second reply meanwhile", async () => {
  const at = new Fixture();
  const { call } = await at.start();
  at.answer(0, "another");
  at.refuse(0, "unavailable");
  let drained = false;
  const draining = at.caller.drain("closing").then(() => drained = true);
  at.clock.advance(100);
  await turns();
  assert.deepEqual([drained, at.caller.pending.size, at.sent.length], [false, 1, 1]);
  at.check.resolve("checked");
  assert.equal(await call, "checked");
  await draining;
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller bounds the check of an output by the deadline: the call ran, its answer is lost", async () => {
  const at = new Fixture();
  const { call } = await at.start({ timeoutMs: 300 });
  at.clock.advance(320);
  await assertFails(call, "deadline_exceeded", "executed_reply_lost");
  at.check.resolve("late");
  await turns();
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller knows that a call ran whose output is refused, or that is given up while it is checked", async () => {
  const at = new Fixture();
  const { call } = await at.start();
  at.check.reject(new TypeError("It is wrong"));
  await assertFails(call, "internal", "executed_reply_lost");
  const other = new Fixture();
  const controller = new AbortController();
  const aborted = await other.start({ signal: controller.signal });
  controller.abort();
  await assertFails(aborted.call, "cancelled", "executed_reply_lost");
  await turns();
  assert.equal(other.transport.sent.length, 1, "there is nothing left to cancel");
});
