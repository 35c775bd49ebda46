import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { Result } from "../../../src/call/inbound.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { RecordingStore } from "../../helpers/recording_store.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";
import { StoreGateFixture } from "../../helpers/store_gate_fixture.ts";

const FAILED: Result = { ok: false, error: new RpcError("not_found", "No such account"), ran: "yes" };
Deno.test("StoreGate runs work once, whoever asks for it again, and remembers before it replies", async () => {
  const store = new RecordingStore();
  const [first, second] = [new StoreGateFixture(store), new StoreGateFixture(store)];
  const finish = createDeferred<void>();
  store.onFinish = () => finish.promise;
  const changes = { idempotencyKey: "order-7", body: new TextEncoder().encode('"x"') };
  const message = first.receive("c1", "run", changes);
  assert.deepEqual(await first.take(), ["c1#1"]);
  assert.deepEqual([first.answers, message.acks], [[], 0]);
  finish.resolve();
  await turns();
  assert.deepEqual([first.answers, message.acks], [["ok"], 1]);
  const other = second.receive("c2", "run", changes);
  assert.deepEqual(await second.take(), []);
  assert.deepEqual([second.answers, other.acks, second.replies[0]?.id], [["ok"], 1, "c2"]);
  assert.deepEqual(second.shared.once?.counts.answered, 1);
});

Deno.test("StoreGate asks nothing about safe methods", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
  at.receive("c1", "look");
  at.receive("c2", "look", {}, 1);
  assert.deepEqual(await at.take(), ["c1#1", "c2#2"]);
  assert.deepEqual(store.asked, []);
});

Deno.test("StoreGate refuses a key that was used for another input", async () => {
  const at = new StoreGateFixture(new RecordingStore());
  at.receive("c1", "again", { idempotencyKey: "k" });
  await at.take();
  const other = at.receive("c2", "again", { idempotencyKey: "k" });
  assert.deepEqual(await at.take(), []);
  assert.deepEqual([at.answers.at(-1), other.acks], ["failed_precondition/rejected", 1]);
});

Deno.test("StoreGate lets a call wait for work that another one does, and answers it with the same", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
  const changes = { idempotencyKey: "k", body: new TextEncoder().encode('"x"') };
  const first = await at.begin("c1", "run", changes);
  const waits = at.receive("c2", "run", changes);
  assert.deepEqual(await at.take(), []);
  for (let look = 0; look < 5; look++) {
    at.clock.advance(600);
    assert.deepEqual(await at.take(), []);
  }
  assert.deepEqual([waits.acks, at.answers], [0, []]);
  first.settle(FAILED);
  await turns();
  at.clock.advance(600);
  await at.take();
  assert.deepEqual([at.answers, waits.acks], [["not_found/replied", "not_found/replied"], 1]);
});

Deno.test("StoreGate gives up waiting at the deadline, and does not claim that nothing ran", async () => {
  const at = new StoreGateFixture(new RecordingStore());
  await at.begin("c1", "run", { idempotencyKey: "k", body: undefined });
  at.receive("c2", "run", { idempotencyKey: "k", body: undefined, timeoutMs: 1_000 });
  for (let look = 0; look < 4; look++) {
    await at.take();
    at.clock.advance(500);
  }
  await at.take();
  assert.deepEqual([at.answers, at.deadLetters], [["deadline_exceeded/sent_unknown"], []]);
});

Deno.test("StoreGate asks the store about a suspect before anything else", async () => {
  const store = new RecordingStore();
  const first = new StoreGateFixture(store);
  first.receive("c1");
  await first.take(() => FAILED);
  const second = new StoreGateFixture(store);
  second.transport.onStoredReplies = () => assert.fail("the broker was asked");
  const suspect = second.receive("c1", "run", {}, 1);
  assert.deepEqual(await second.take(), []);
  assert.deepEqual([second.answers, suspect.acks, second.deadLetters], [["not_found/replied"], 1, []]);
});

Deno.test("StoreGate never runs what began elsewhere and must not run twice: once its lease has ended it is dead", async () => {
  const store = new RecordingStore();
  const dead = new StoreGateFixture(store);
  await dead.begin("c1", "run", { idempotencyKey: "k" });
  dead.wheel.close();
  const at = new StoreGateFixture(store);
  // Another call of the same key, and the same call, by the marks of the dead instance.
  for (const [id, starts] of [["c2", 0], ["c1", 1]] as const) {
    at.receive(id, "run", { idempotencyKey: "k", body: requestOf("c1").body }, starts);
  }
  assert.deepEqual(await at.take(), []);
  store.clock.advance(5_000);
  at.clock.advance(600);
  assert.deepEqual(await at.take(), []);
  assert.deepEqual(at.answers, ["internal/sent_unknown", "internal/sent_unknown"]);
  assert.deepEqual(at.deadLetters, ["may have run; attempts: 1", "may have run; attempts: 1"]);
});

Deno.test("StoreGate answers unavailable where the store cannot be asked, and runs nothing", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
  store.down = true;
  const message = at.receive("c1");
  assert.deepEqual(await at.take(), []);
  assert.deepEqual([at.answers, message.acks, at.deadLetters], [["unavailable/rejected"], 1, []]);
  // Its caller may try again under the same id.
  store.down = false;
  at.receive("c1", "run", { attempt: 2 });
  assert.deepEqual(await at.take(), ["c1#2"]);
});

Deno.test("StoreGate lets one-way calls wait for a store that cannot be asked", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
  store.down = true;
  const changes = { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" } as const;
  const message = at.receive("c1", "note", changes);
  for (let look = 0; look < 10; look++) {
    assert.deepEqual(await at.take(), []);
    at.clock.advance(600);
  }
  assert.equal(message.acks, 0);
  store.down = false;
  assert.deepEqual(await at.take(), ["c1#1"]);
  assert.deepEqual([message.acks, at.deadLetters], [1, []]);
});

Deno.test("StoreGate replies though an outcome cannot be remembered, and counts it", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
  store.onFinish = () => Promise.reject(new Error("disk full"));
  const message = at.receive("c1");
  assert.deepEqual(await at.take(), ["c1#1"]);
  assert.deepEqual([at.answers, message.acks, at.shared.once?.counts.failed], [["ok"], 1, 1]);
});

Deno.test("StoreGate gives work back that shall be done again, and remembers spent attempts", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
  const error = new RpcError("unavailable", "Later");
  at.receive("c1");
  const later: Result = { ok: false, error, ran: "yes", again: { afterMs: 100, attempt: 1 } };
  await at.take(() => later);
  assert.equal(store.memory.size, 0);
  at.clock.advance(120);
  const dead = { reason: "handler crashed", attempts: 2 };
  assert.deepEqual(await at.take(() => ({ ok: false, error, ran: "yes", dead })), ["c1#2"]);
  assert.deepEqual(at.deadLetters, ["handler crashed; attempts: 2"]);
  const again = new StoreGateFixture(store);
  again.receive("c1", "run", {}, 1);
  assert.deepEqual(await again.take(), []);
  assert.deepEqual(again.answers, ["unavailable/replied"]);
});

Deno.test("StoreGate keeps calls of one key in order while the first of them waits for its next attempt", async () => {
  const Keyed = defineService("test.Service", { run: method<string, string>({ key: () => "acc-1" }) });
  const at = new ServiceFixture(Keyed, { store: new RecordingStore() });
  for (const [offset, id] of ["c1", "c2"].entries()) {
    at.intake.deliver(new FakeDelivery(messageOf(requestOf(id, { timeoutMs: 60_000 })), { offset }));
  }
  await turns();
  const [first, next] = at.mailbox.splice(0);
  assert.ok(first !== undefined && next !== undefined && first.claim());
  await first.started();
  const error = new RpcError("unavailable", "Later");
  first.settle({ ok: false, error, ran: "yes", again: { afterMs: 100, attempt: 1 } });
  // What a cell does as soon as the first has ended.
  assert.equal(next.claim(), false, "it overtakes the one before it");
  at.clock.advance(120);
  await turns();
  assert.deepEqual(at.mailbox.map(({ id }) => id), ["c1", "c2"]);
});
