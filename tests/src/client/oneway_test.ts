/** One-way calls through a whole caller. */
import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { CallerFixture, sendFailure } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", {
  tell: method.oneway<unknown>(),
  urgent: method.oneway<unknown>({ whenAbsent: "fail" }),
  keyed: method.oneway<string>({ key: (input) => input }),
}, { slots: 1 });

Deno.test("Caller resolves a one-way call with its receipt once the broker has stored it", async () => {
  const at = new CallerFixture();
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  let settled = 0;
  const calls = [1, 2].map((input) => at.call(contract, "tell", input));
  for (const call of calls) void call.then(() => settled++);
  await turns();
  assert.deepEqual([settled, at.transport.sent.length], [0, 1]);
  stored.resolve();
  const receipts = await Promise.all(calls);
  const ids = at.sent.map(({ request }) => request.id);
  assert.deepEqual(
    receipts,
    ids.map((callId) => ({ callId, messageId: "m", broker: "a", queueId: 0, offset: 0 })),
  );
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller asks for no reply to a one-way call, and drops one that comes", async () => {
  const at = new CallerFixture();
  await at.call(contract, "tell", 1);
  assert.ok(!at.transport.sent[0]?.message.headers.has(HEADER.reply));
  at.answer(0);
  assert.equal(at.caller.pending.lateReplies, 1);
});

Deno.test("Caller fails a one-way call as its send fails", async () => {
  const at = new CallerFixture();
  at.failSends("sent_unknown");
  await assertFails(at.call(contract, "tell", 1), "unavailable", "sent_unknown");
  at.transport.onSend = () =>
    Promise.reject(new RpcError("invalid_argument", "Too large", { outcome: "not_sent" }));
  await assertFails(at.call(contract, "tell", 1), "invalid_argument", "not_sent");
  await assertFails(at.call(contract, "keyed", "k"), "invalid_argument", "not_sent");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller waits for the broker no longer than the deadline: there is no outcome to learn later", async () => {
  const at = new CallerFixture();
  at.transport.onSend = () => new Promise(() => {});
  const call = at.call(contract, "tell", 1, { timeoutMs: 300 });
  const byDefault = at.call(contract, "tell", 2);
  await turns();
  at.clock.advance(320);
  await assertFails(call, "deadline_exceeded", "sent_unknown");
  at.clock.advance(4_700);
  await assertFails(byDefault, "deadline_exceeded", "sent_unknown");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller stores a one-way call for a service that is absent, without waiting for certainty", async () => {
  const at = new CallerFixture();
  at.transport.onMembers = () => Promise.resolve([]);
  await at.call(contract, "tell", 1);
  assert.equal(at.sent.length, 1);
  const urgent = at.call(contract, "urgent", 2);
  await turns();
  at.clock.advance(1_000);
  await assertFails(urgent, "unavailable", "not_sent");
  at.caller.close("over");
});

Deno.test("Caller waits for the topic of a one-way call until its deadline, and says what was wrong", async () => {
  const at = new CallerFixture();
  at.transport.onQueues = () => Promise.reject(sendFailure("not_sent"));
  const call = at.call(contract, "tell", 1, { timeoutMs: 500 });
  for (let step = 0; step < 30; step++) {
    await turns();
    at.clock.advance(20);
  }
  await assertFails(call, "unavailable", "not_sent");
});
