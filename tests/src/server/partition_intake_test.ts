import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type SchemaResult, type } from "../../../src/contract/schema.ts";
import { HEADER, unescapeHeader } from "../../../src/envelope/headers.ts";
import { type Reply, replyBody, replyHeaders } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { schemaOf } from "../../helpers/schemas.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

/** A delivery of one request. */
function delivery(id: string, options: ConstructorParameters<typeof FakeDelivery>[1] = {}, tag = "run") {
  return new FakeDelivery(messageOf(requestOf(id), tag), options);
}

function idsOf(calls: readonly { readonly id: string }[]): readonly string[] {
  return calls.map(({ id }) => id);
}

Deno.test("PartitionIntake hands calls on in queue order, and settles a message after the reply", async () => {
  const at = new ServiceFixture();
  const single = delivery("c1");
  const pack = new FakeDelivery(packOf([requestOf("c2"), requestOf("c3")]), { offset: 1 });
  at.intake.deliver(single);
  at.intake.deliver(pack);
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c3"]);
  const sent = createDeferred<void>();
  at.transport.onSendTo = () => sent.promise;
  for (const call of at.mailbox) at.run(call);
  await turns();
  assert.deepEqual([single.acks, pack.acks, at.intake.unsettled], [0, 0, 3]);
  sent.resolve();
  await turns();
  assert.deepEqual([single.acks, pack.acks, at.intake.unsettled], [1, 1, 0]);
  assert.deepEqual(idsOf(at.replies), ["c1", "c2", "c3"]);
});

Deno.test("PartitionIntake keeps the order and asks for nothing while a mailbox is full", async () => {
  const at = new ServiceFixture();
  assert.equal(at.partition.demanded, 32);
  at.room = 1;
  for (const id of ["c1", "c2", "c3"]) at.intake.deliver(delivery(id));
  assert.deepEqual(idsOf(at.mailbox), ["c1"]);
  assert.equal(at.partition.demanded, 0);
  at.room = 2;
  at.intake.pump();
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2"]);
  assert.equal(at.partition.demanded, 0);
  at.room = 9;
  at.intake.pump();
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c3"]);
  assert.equal(at.partition.demanded, 32);
  await turns();
});

Deno.test("PartitionIntake asks for no more than the span limit leaves", () => {
  const at = new ServiceFixture();
  for (let index = 0; index < 9_990; index++) at.intake.deliver(delivery(`c${index}`, { offset: index }));
  assert.equal(at.partition.demanded, 10);
});

Deno.test("PartitionIntake answers a call that expired just now, and only counts an older one", async () => {
  const at = new ServiceFixture();
  const now = at.clock.now();
  at.shared.receiver.brokerClock.toLocal(now, now);
  const [recent, old] = [
    delivery("c1", { storedAtMs: now - 5_199 }),
    delivery("c2", { storedAtMs: now - 5_200 }),
  ];
  at.intake.deliver(recent);
  at.intake.deliver(old);
  await turns();
  assert.deepEqual([at.mailbox, recent.acks, old.acks], [[], 1, 1]);
  assert.equal(at.shared.counts.expiredUnanswered, 1);
  const [reply, ...others] = at.replies;
  assert.ok(reply !== undefined && !reply.ok && others.length === 0);
  assert.deepEqual([reply.id, reply.error.code, reply.error.outcome], ["c1", "deadline_exceeded", "expired"]);
});

Deno.test("PartitionIntake runs nothing of a backlog whose deadlines passed while nobody served", async () => {
  const at = new ServiceFixture();
  const old = delivery("c1", { storedAtMs: at.clock.now() - 600_000 });
  at.intake.deliver(old);
  await turns();
  assert.deepEqual([at.mailbox, old.acks, at.shared.counts.expiredUnanswered], [[], 1, 1]);
});

Deno.test("PartitionIntake never starts a call that expired in its mailbox, and answers it", async () => {
  const at = new ServiceFixture();
  const late = delivery("c1");
  at.intake.deliver(late);
  at.clock.advance(5_000);
  assert.ok(!at.run(at.mailbox[0]));
  await turns();
  assert.equal(late.acks, 1);
  assert.deepEqual(at.replies.map((reply) => !reply.ok && reply.error.outcome), ["expired"]);
});

Deno.test("PartitionIntake refuses a duplicate for itself: its caller may have heard the refusal of the first before", async () => {
  const at = new ServiceFixture();
  const copies = [0, 1].map((offset) => delivery("c1", { offset }));
  for (const copy of copies) at.intake.deliver(copy);
  at.mailbox[0]?.settle({ ok: false, error: new RpcError("unavailable", "suspended"), ran: "no" });
  await turns();
  const origins = at.replies.map((reply) => reply.ok ? assert.fail() : reply.origin);
  assert.deepEqual(origins.map((origin) => origin?.split("/").at(-1)).sort(), ["0", "1"]);
  assert.deepEqual(copies.map(({ acks }) => acks), [1, 1]);
});

Deno.test("PartitionIntake runs a duplicate once: one reply answers both", async () => {
  const at = new ServiceFixture();
  const copies = [0, 1, 2].map((offset) => delivery("c1", { offset }));
  const [first, second, third] = copies;
  assert.ok(first && second && third);
  at.intake.deliver(first);
  at.intake.deliver(second);
  assert.deepEqual(copies.map(({ acks }) => acks), [0, 0, 0]);
  at.run(at.mailbox[0], "answer");
  await turns();
  assert.equal(at.replies.length, 1);
  at.intake.deliver(third);
  await turns();
  assert.equal(at.mailbox.length, 1);
  assert.deepEqual(copies.map(({ acks }) => acks), [1, 1, 1]);
  assert.deepEqual(
    at.replies.map((reply) => new TextDecoder().decode(replyBody(reply))),
    Array(2).fill('"answer"'),
  );
  assert.equal(at.shared.counts.duplicates, 2);
});

Deno.test("PartitionIntake answers a duplicate that wants its reply elsewhere, once the first is answered", async () => {
  const at = new ServiceFixture();
  const [first, second] = [
    delivery("c1"),
    new FakeDelivery(messageOf(requestOf("c1", { replyTo: "fake:b" }))),
  ];
  at.intake.deliver(first);
  at.intake.deliver(second);
  assert.deepEqual([first.acks, second.acks, second.startedCalls], [0, 0, 1]);
  at.run(at.mailbox[0], "answer");
  await turns();
  assert.deepEqual(at.transport.sentTo.map(({ address }) => address), ["fake:b", "fake:caller"]);
  assert.deepEqual([at.mailbox.length, first.acks, second.acks], [1, 1, 1]);
});

Deno.test("PartitionIntake answers what no handler must see", async () => {
  const at = new ServiceFixture();
  const unknown = delivery("c1", {}, "nothing");
  at.intake.deliver(unknown);
  await turns();
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.outcome], ["unimplemented", "rejected"]);
  assert.deepEqual([at.mailbox.length, unknown.acks], [0, 1]);
});

Deno.test("PartitionIntake keeps a message that nobody can read as a dead letter", async () => {
  const at = new ServiceFixture();
  const body = Uint8Array.of(1, 2);
  const garbage = new FakeDelivery({
    topic: "t",
    tag: "x",
    keys: ["k"],
    headers: new Map([["a", "b"]]),
    body,
  });
  at.intake.deliver(garbage);
  await turns();
  const [sent] = at.transport.sent;
  assert.deepEqual([sent?.message.topic, sent?.message.keys], ["%DLQ%rpc-test-Service", ["k"]]);
  assert.deepEqual(sent?.message.body, body);
  assert.match(
    unescapeHeader(sent?.message.headers.get(HEADER.dead) ?? ""),
    /neither a call nor a plain request/,
  );
  assert.equal(garbage.acks, 1);
});

Deno.test("PartitionIntake stores a dead letter before it answers, with reason and attempts", async () => {
  const at = new ServiceFixture();
  const crashed = delivery("c1");
  at.intake.deliver(crashed);
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());

  const error = new RpcError("internal", "Failed");
  call.settle({ ok: false, error, ran: "yes", dead: { reason: "handler crashed", attempts: 2 } });
  await turns();
  assert.deepEqual([at.replies.length, crashed.acks], [0, 0]);
  stored.resolve();
  await turns();
  assert.deepEqual([at.replies.length, crashed.acks], [1, 1]);
  const [letter] = at.transport.sent;
  assert.equal(
    unescapeHeader(letter?.message.headers.get(HEADER.dead) ?? ""),
    "handler crashed; attempts: 2",
  );
});

Deno.test("PartitionIntake revoke drops what has not started and waits for what runs", async () => {
  const at = new ServiceFixture();
  const [running, waiting] = [delivery("c1"), delivery("c2", { offset: 1 })];
  at.intake.deliver(running);
  at.intake.deliver(waiting);
  const [first, second] = at.mailbox;
  assert.ok(first !== undefined && first.claim());
  let revoked = false;
  const done = at.intake.revoke().then(() => revoked = true);
  await turns();
  assert.equal(at.partition.demanded, 0);
  assert.ok(!revoked && !first.signal.aborted);
  assert.ok(second?.withdrawn && !second.claim());
  at.intake.deliver(delivery("c3"));
  first.settle({ ok: true, output: "done" });
  await done;
  assert.deepEqual([running.acks, waiting.acks, at.mailbox.length, at.clock.timers], [1, 0, 2, 0]);
  assert.deepEqual(idsOf(at.replies), ["c1"]);
});

Deno.test("PartitionIntake revoke waits for the answer to a call that never reached a mailbox", async () => {
  const at = new ServiceFixture();
  const { promise, resolve } = createDeferred<void>();
  at.transport.onSendTo = () => promise;
  const refused = new FakeDelivery(messageOf(requestOf("c1"), "nosuch"));
  at.intake.deliver(refused);
  await turns();
  let revoked = false;
  const done = at.intake.revoke().then(() => revoked = true);
  await turns();
  assert.deepEqual([revoked, refused.acks], [false, 0]);
  resolve();
  await done;
  assert.equal(refused.acks, 1);
});

Deno.test("PartitionIntake revoke gives up a start that can no longer be recorded, long before the drain limit", async () => {
  const at = new ServiceFixture();
  const blocked = delivery("c1");
  blocked.onStarted = () => new Promise(() => {});
  at.intake.deliver(blocked);
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  void call.started();
  const done = at.intake.revoke();
  at.clock.advance(250);
  await done;
  assert.ok(call.withdrawn);
  assert.deepEqual([blocked.acks, at.clock.timers], [0, 0]);
});

Deno.test("PartitionIntake begins nothing whose start comes on record when its queue is lost, told or not", async () => {
  const at = new ServiceFixture();
  const recorded = createDeferred<void>();
  const frozen = delivery("c1");
  frozen.onStarted = () => recorded.promise;
  at.intake.deliver(frozen);
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  const started = call.started();
  at.partition.isLost = true;
  recorded.resolve();
  await started;
  assert.ok(call.withdrawn);
  at.intake.lose("the instance was frozen for too long");
  await turns();
  assert.deepEqual([frozen.acks, at.replies.length, at.clock.timers], [0, 0, 0]);
});

Deno.test("PartitionIntake takes and answers nothing once its queue is lost, told or not: its next owner may run it", async () => {
  const at = new ServiceFixture();
  const deliveries = [
    delivery("c1"),
    delivery("c2"),
    delivery("late", { storedAtMs: at.clock.now() - 5_100 }),
  ];
  for (const one of deliveries.slice(0, 2)) at.intake.deliver(one);
  const [waiting, refused] = at.mailbox;
  assert.ok(waiting !== undefined && refused !== undefined);
  at.partition.isLost = true;
  at.intake.cancel("c1");
  refused.settle({ ok: false, error: new RpcError("resource_exhausted", "no room"), ran: "no" });
  for (const one of deliveries.slice(2)) at.intake.deliver(one);
  await turns();
  assert.deepEqual(at.replies, []);
  at.intake.lose("the instance was frozen for too long");
  await turns();
  assert.deepEqual([deliveries.map(({ acks }) => acks), at.replies.length], [[0, 0, 0], 0]);
});

Deno.test("PartitionIntake revoke aborts through the signal what runs beyond the drain limit", async () => {
  const at = new ServiceFixture();
  const running = delivery("c1");
  at.intake.deliver(running);
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  const { signal } = call;
  const done = at.intake.revoke();
  at.clock.advance(4_999);
  assert.ok(!signal.aborted);
  at.clock.advance(1);
  await done;
  assert.ok(signal.aborted && call.withdrawn);
  call.settle({ ok: true, output: "too late" });
  await turns();
  assert.deepEqual([running.acks, at.replies.length], [0, 0]);
});

Deno.test("PartitionIntake revoke lets what runs go on as long as the queue is not lost under it", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(delivery("c1"));
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  const done = at.intake.revoke();
  at.partition.isHeld = false;
  assert.ok(!call.lost);
  at.partition.isLost = true;
  assert.ok(call.lost, "nobody has said so yet");
  at.intake.lose("the lock is another's");
  await done;
  assert.deepEqual([call.lost, call.withdrawn], [false, true]);
});

Deno.test("PartitionIntake lose aborts everything and settles nothing", async () => {
  const at = new ServiceFixture();
  const deliveries = ["c1", "c2"].map((id) => delivery(id));
  for (const one of deliveries) at.intake.deliver(one);
  const [first, second] = at.mailbox;
  assert.ok(first !== undefined && first.claim());
  const { signal } = first;
  const revoking = at.intake.revoke();
  at.intake.lose("lock refused");
  await revoking;
  assert.ok(signal.aborted);
  assert.equal(signal.reason.code, "unavailable");
  first.settle({ ok: true, output: "late" });
  assert.ok(second !== undefined && !second.claim());
  await turns();
  assert.deepEqual([deliveries.map(({ acks }) => acks), at.replies, at.intake.unsettled], [[0, 0], [], 0]);
  assert.equal(at.clock.timers, 0);
});

Deno.test("PartitionIntake starts nothing once the lock is in doubt", () => {
  const at = new ServiceFixture();
  at.intake.deliver(delivery("c1"));
  at.partition.isHeld = false;
  assert.ok(!at.run(at.mailbox[0]));
});

Deno.test("PartitionIntake lets nothing of the partition run beside a call on its third attempt", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(delivery("c1", {}, "again"));
  at.intake.deliver(delivery("c2", { starts: 2 }, "again"));
  at.intake.deliver(delivery("c3", {}, "again"));
  await turns();
  assert.deepEqual(idsOf(at.mailbox), ["c1"]);
  at.run(at.mailbox[0]);
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2"]);
  assert.equal(at.mailbox[1]?.attempt, 3);
  at.intake.pump();
  assert.equal(at.mailbox.length, 2);
  at.run(at.mailbox[1]);
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c3"]);
  at.run(at.mailbox[2]);
  await turns();
});

Deno.test("PartitionIntake sends the stored reply of a suspect again instead of running it", async () => {
  const at = new ServiceFixture();
  const reply: Reply = { id: "c1", ok: true, type: "application/json", body: Uint8Array.of(49) };
  at.transport.onStoredReplies = () =>
    Promise.resolve([{ headers: replyHeaders(reply), body: Uint8Array.of(49) }]);
  const suspect = delivery("c1", { starts: 1 });
  at.intake.deliver(suspect);
  at.intake.deliver(delivery("c2", { offset: 1 }));
  assert.deepEqual(idsOf(at.mailbox), [], "the order is kept while the suspect is judged");
  await turns();
  assert.deepEqual([at.replies, suspect.acks, at.shared.counts.foundAgain], [[reply], 1, 1]);
  assert.deepEqual(idsOf(at.mailbox), ["c2"]);
});

Deno.test("PartitionIntake never runs a suspect that is not idempotent: dead letter, and an honest answer", async () => {
  const at = new ServiceFixture();
  const suspect = delivery("c1", { starts: 1 });
  at.intake.deliver(suspect);
  await turns();
  assert.deepEqual([at.mailbox.length, suspect.acks], [0, 1]);
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.outcome], ["internal", "sent_unknown"]);
  const reason = unescapeHeader(at.transport.sent[0]?.message.headers.get(HEADER.dead) ?? "");
  assert.equal(reason, "may have run; attempts: 1");
});

Deno.test("PartitionIntake waits for the schema of an output, and for it before a hand-over", async () => {
  const checking = createDeferred<SchemaResult<string>>();
  const contract = defineService("test.Service", {
    run: method({ output: schemaOf<string>(() => checking.promise) }),
  });
  const at = new ServiceFixture(contract);
  const call = delivery("c1");
  at.intake.deliver(call);
  assert.ok(at.run(at.mailbox[0], "raw"));
  let revoked = false;
  const done = at.intake.revoke().then(() => revoked = true);
  await turns();
  assert.deepEqual([revoked, call.acks, at.intake.unsettled], [false, 0, 1]);
  checking.resolve({ value: "parsed" });
  await done;
  const [reply] = at.replies;
  assert.deepEqual(reply && new TextDecoder().decode(replyBody(reply)), '"parsed"');
  assert.deepEqual([call.acks, at.wheel.size, at.clock.timers], [1, 0, 0]);
});

Deno.test("PartitionIntake answers nothing of a lost partition whose output is still being checked", async () => {
  const checking = createDeferred<SchemaResult<string>>();
  const contract = defineService("test.Service", {
    run: method({ output: schemaOf<string>(() => checking.promise) }),
  });
  const at = new ServiceFixture(contract);
  at.intake.deliver(delivery("c1"));
  assert.ok(at.run(at.mailbox[0], "raw"));
  at.intake.lose("lock refused");
  checking.resolve({ value: "parsed" });
  await turns();
  assert.deepEqual([at.replies, at.clock.timers], [[], 0]);
});

Deno.test("PartitionIntake sends a declared error with its details", async () => {
  const contract = defineService("test.Service", {
    run: method({ errors: { Short: type<{ missing: number }>() } }),
  });
  const at = new ServiceFixture(contract);
  at.intake.deliver(delivery("c1"));
  const declared = { contract: "test.Service", error: "Short" };
  const error = new RpcError("failed_precondition", "Too little", { declared, details: { missing: 5 } });
  at.end(at.mailbox[0], { ok: false, error, ran: "yes" });
  await turns();
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  const { name, body } = reply.declared ?? assert.fail();
  assert.deepEqual([name, JSON.parse(new TextDecoder().decode(body))], ["Short", { missing: 5 }]);
});

Deno.test("PartitionIntake runs a call that was refused in vain when its caller sends it again", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(delivery("c1"));
  at.end(at.mailbox[0], { ok: false, error: new RpcError("unavailable", "Suspended"), ran: "no" });
  at.intake.deliver(delivery("c1", { offset: 1 }));
  at.run(at.mailbox[1]);
  await turns();
  assert.deepEqual([at.answers, at.shared.counts.duplicates], [["unavailable/rejected", "ok"], 0]);
});
