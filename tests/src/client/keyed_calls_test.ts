/** Calls with keys through a whole caller: where they go, and when one of them is made again. */
import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { queueOfKey } from "../../../src/call/plan.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { QueueRef } from "../../../src/transport/transport.ts";
import { CallerFixture, sendFailure } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const Account = defineEntity("test.Account", {
  deposit: method<unknown, unknown>(),
  get: method<unknown, unknown>({ safe: true }),
  patient: method<unknown, unknown>({ whenAbsent: "wait" }),
});
const Payments = defineService("test.Payments", {
  quote: method<unknown, unknown>(),
  transfer: method<{ from: string }, unknown>({ key: ({ from }) => from }),
});

function queues(topic: string, count: number): readonly QueueRef[] {
  return Array.from({ length: count }, (_, id) => ({ topic, broker: "a", id }));
}

class Fixture extends CallerFixture {
  async start(method: "deposit" | "get" | "patient", input: unknown, key = "k"): Promise<Promise<unknown>[]> {
    const call = this.call(Account, method, input, { key });
    await turns();
    return [call];
  }

  plan(count: number): void {
    this.transport.onQueues = (topic) => Promise.resolve(queues(topic, count));
  }

  async pass(ms = 50): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }
}

Deno.test("Caller sends an entity's calls to the queue of the key among all queues of the topic", async () => {
  const at = new Fixture();
  at.plan(16);
  await at.start("deposit", 1);
  await at.start("get", 2);
  const queue = queueOfKey(queues("test-Account", 16), "k");
  assert.deepEqual(at.sent.map(({ queue }) => queue), [queue, queue]);
  assert.deepEqual(at.sent.map(({ request }) => request.key), ["k", "k"]);
  at.caller.close("over");
});

Deno.test("Caller sends a keyed method's calls to the queue of the key among those of its slot", async () => {
  const at = new Fixture();
  at.plan(16);
  at.call(Payments, "transfer", { from: "k" });
  await turns();
  const slot = queues("test-Payments", 16).filter(({ id }) => id % 4 === 1);
  assert.deepEqual(at.sent.map(({ queue }) => queue), [queueOfKey(slot, "k")]);
  at.caller.close("over");
});

Deno.test("Caller keeps the order of a key while nobody knows whether somebody serves it", async () => {
  const at = new Fixture();
  const look = createDeferred<readonly []>();
  at.transport.onMembers = () => look.promise;
  at.call(Account, "deposit", 1, { key: "k" });
  at.call(Account, "patient", 2, { key: "k" });
  at.call(Account, "patient", 3, { key: "other" });
  look.resolve([]);
  await turns();
  // Who waits for a service does not wait for certainty about it, unless it comes after somebody who does.
  assert.deepEqual(at.inputs, [3]);
  await at.pass(1_000);
  assert.deepEqual(at.inputs, [3, 2], "the first has failed: nobody serves it");
  at.caller.close("over");
});

Deno.test("Caller makes a refused call of a key again before what was made after it", async () => {
  const at = new Fixture();
  const [first] = await at.start("deposit", 1);
  at.refuse(0, "unavailable");
  await at.start("deposit", 2);
  await at.start("deposit", 3, "other");
  assert.deepEqual(at.inputs, [1, 3]);
  await at.pass();
  assert.deepEqual(at.inputs, [1, 3, 1, 2]);
  at.answer(2, "done");
  assert.equal(await first, "done");
  at.caller.close("over");
});

Deno.test("Caller does not make a refused call again that something of its key has overtaken", async () => {
  const at = new Fixture();
  const [first] = await at.start("deposit", 1);
  const [second] = await at.start("deposit", 2);
  at.refuse(0, "unavailable");
  await assertFails(first ?? Promise.resolve(), "unavailable", "rejected");
  at.refuse(1, "unavailable");
  await at.pass();
  assert.deepEqual(at.inputs, [1, 2, 2]);
  at.answer(2, "done");
  assert.equal(await second, "done");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller does not make a refused call again that was sent with a later one, though its send failed", async () => {
  const at = new Fixture();
  const answer = createDeferred<void>();
  at.transport.onSend = () => answer.promise;
  await at.start("get", 0);
  const calls = await at.start("get", 1);
  calls.push(...await at.start("get", 2));
  at.failSends("sent_unknown");
  answer.resolve();
  await turns();
  at.answer(2, "done");
  assert.equal(await calls[1], "done");
  at.refuse(1, "unavailable");
  // Whoever does not know whether a try was stored does not know either how many were.
  await assertFails(calls[0] ?? Promise.resolve(), "unavailable", "sent_unknown");
  await at.pass();
  assert.deepEqual(at.inputs, [0, 1, 2]);
  at.caller.close("over");
});

Deno.test("Caller holds a key back while one of it is sent again, until that is over", async () => {
  const at = new Fixture();
  at.failSends("not_sent");
  const controller = new AbortController();
  const first = at.call(Account, "deposit", 1, { key: "k", signal: controller.signal });
  await turns();
  await at.start("deposit", 2);
  assert.deepEqual(at.inputs, [1]);
  controller.abort();
  await assertFails(first, "cancelled", "not_sent");
  await turns();
  assert.deepEqual(at.inputs, [1, 2]);
  at.caller.close("over");
});

Deno.test("Caller follows a callee that places the key in another queue, as soon as it knows that queue", async () => {
  const at = new Fixture();
  at.plan(16);
  const [call] = await at.start("deposit", 1);
  const before = at.sent[0]?.queue.id;
  at.plan(4);
  at.refuse(0, "failed_precondition");
  await turns();
  const [first, second] = at.sent;
  assert.notEqual(second?.queue.id, before);
  assert.equal(second?.queue.id, queueOfKey([0, 1, 2, 3], "k"));
  assert.deepEqual([second?.request.id, second?.request.attempt], [first?.request.id, 1]);
  at.answer(1, "done");
  assert.equal(await call, "done");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller follows a callee that has another plan, though the key's queue is the same in both", async () => {
  const at = new Fixture();
  let number = 1;
  at.transport.onPlan = async (topic) => ({ number, queues: await at.transport.onQueues(topic) });
  const calls = await at.start("deposit", 1);
  number = 2;
  at.refuse(0, "failed_precondition");
  await turns();
  assert.deepEqual(
    at.transport.sent.map(({ message }) => [message.headers.get("rpc-plan"), message.headers.get("rpc-id")]),
    [["1", at.sent[0]?.request.id], ["2", at.sent[0]?.request.id]],
  );
  at.answer(1, "done");
  assert.equal(await calls[0], "done");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller takes a refusal for its own sake where the queue of the key is the same", async () => {
  const at = new Fixture();
  const [same] = await at.start("deposit", 1);
  at.refuse(0, "failed_precondition");
  await assertFails(same ?? Promise.resolve(), "failed_precondition", "rejected");
  const [blind] = await at.start("deposit", 2);
  at.transport.onQueues = () => Promise.reject(sendFailure("not_sent"));
  at.refuse(1, "failed_precondition");
  await assertFails(blind ?? Promise.resolve(), "failed_precondition", "rejected");
  at.plan(4);
  const [answered] = await at.start("deposit", 3);
  at.plan(16);
  at.refuse(2, "failed_precondition", "yes");
  await assertFails(answered ?? Promise.resolve(), "failed_precondition", "replied");
  assert.equal(at.sent.length, 3);
});

Deno.test("Caller gives the refusal to a caller whose deadline passes while the plan is looked up", async () => {
  const at = new Fixture();
  const call = at.call(Account, "deposit", 1, { key: "k", timeoutMs: 100 });
  await turns();
  at.transport.onQueues = () => new Promise(() => {});
  at.refuse(0, "failed_precondition");
  await at.pass(120);
  await assertFails(call, "failed_precondition", "rejected");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller looks for no other queue once a try may have been stored", async () => {
  const at = new Fixture();
  at.plan(16);
  at.failSends("sent_unknown");
  const [call] = await at.start("get", 1);
  await at.pass();
  at.plan(4);
  at.refuse(1, "failed_precondition");
  await assertFails(call ?? Promise.resolve(), "failed_precondition", "sent_unknown");
  assert.equal(at.sent[0]?.queue.id, at.sent[1]?.queue.id);
});
