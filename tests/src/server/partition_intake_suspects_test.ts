import assert from "node:assert/strict";
import { HEADER, unescapeHeader } from "../../../src/envelope/headers.ts";
import { type Reply, replyHeaders } from "../../../src/envelope/reply.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { deliveryOf, FakeDelivery, idsOf, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

/** A message that was started that often, or is the copy of one that was. */
function suspect(id: string, tag: string, starts: number, changes: Partial<Request> = {}): FakeDelivery {
  return new FakeDelivery(messageOf(requestOf(id, changes), tag), { starts });
}

Deno.test("PartitionIntake lets nothing of the partition run beside a call on its third attempt", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(deliveryOf("c1", {}, "again"));
  at.intake.deliver(deliveryOf("c2", { starts: 2 }, "again"));
  at.intake.deliver(deliveryOf("c3", {}, "again"));
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
  const suspect = deliveryOf("c1", { starts: 1 });
  at.intake.deliver(suspect);
  at.intake.deliver(deliveryOf("c2", { offset: 1 }));
  assert.deepEqual(idsOf(at.mailbox), [], "the order is kept while the suspect is judged");
  await turns();
  assert.deepEqual([at.replies, suspect.acks, at.shared.counts.foundAgain], [[reply], 1, 1]);
  assert.deepEqual(idsOf(at.mailbox), ["c2"]);
});

Deno.test("PartitionIntake never runs a suspect that is not idempotent: dead letter, and an honest answer", async () => {
  const at = new ServiceFixture();
  const suspect = deliveryOf("c1", { starts: 1 });
  at.intake.deliver(suspect);
  await turns();
  assert.deepEqual([at.mailbox.length, suspect.acks], [0, 1]);
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.outcome], ["internal", "sent_unknown"]);
  const reason = unescapeHeader(at.transport.sent[0]?.message.headers.get(HEADER.dead) ?? "");
  assert.equal(reason, "may have run; attempts: 1");
});

Deno.test("PartitionIntake keeps a suspect whose time is up as a dead letter, where it must not run twice", async () => {
  const at = new ServiceFixture();
  at.clock.advance(6_000);
  at.shared.receiver.brokerClock.toLocal(at.clock.now(), at.clock.now());
  const [once, again] = [suspect("c1", "run", 1), suspect("c2", "again", 1)];
  for (const one of [once, again]) at.intake.deliver(one);
  await turns();
  assert.deepEqual(at.deadLetters, ["may have run; attempts: 1"]);
  assert.deepEqual([once.acks, again.acks, at.mailbox], [1, 1, []]);
  assert.equal(at.shared.counts.expiredUnanswered, 1);
});

Deno.test("PartitionIntake keeps a suspect that its caller cancels as a dead letter, where it must not run twice", async () => {
  const at = new ServiceFixture();
  at.transport.onStoredReplies = () => Promise.reject(new Error("off"));
  at.intake.deliver(suspect("c1", "run", 1));
  assert.ok(at.intake.cancel("c1"));
  await turns();
  assert.deepEqual([at.deadLetters, at.mailbox], [["may have run; attempts: 1"], []]);
});

Deno.test("PartitionIntake decides about no suspect whose queue is lost while it is looked for, told or not", async () => {
  const at = new ServiceFixture();
  at.transport.onStoredReplies = () => {
    at.partition.isLost = true;
    return Promise.reject(new Error("off"));
  };
  const one = suspect("c1", "run", 1);
  at.intake.deliver(one);
  await turns();
  assert.deepEqual([at.deadLetters, at.answers, one.acks], [[], [], 0]);
});

Deno.test("PartitionIntake takes the copy of a call that ran elsewhere for a suspect, marked or not", async () => {
  for (const starts of [0, 1]) {
    const at = new ServiceFixture();
    const copy = suspect("c1", "run", starts, { started: true });
    at.intake.deliver(copy);
    await turns();
    assert.deepEqual(at.deadLetters, ["may have run; attempts: 1"]);
    assert.deepEqual([at.answers, copy.acks, at.mailbox], [["internal/sent_unknown"], 1, []]);
  }
});

Deno.test("PartitionIntake counts the run that a copy stands for once: three starts in all, whoever died when", async () => {
  // The one who made the copy marked it before it died.
  const marked = new ServiceFixture();
  marked.intake.deliver(suspect("c1", "again", 1, { started: true }));
  await turns();
  assert.deepEqual(marked.mailbox.map(({ attempt }) => attempt), [2]);
  const next = new ServiceFixture();
  next.intake.deliver(suspect("c1", "again", 2, { started: true }));
  await turns();
  assert.deepEqual(next.mailbox.map(({ attempt }) => attempt), [3]);

  // It did not: a start here could be taken for its mark, so the call is run from a message without marks.
  const unmarked = new ServiceFixture();
  const copy = suspect("c1", "again", 0, { started: true });
  unmarked.intake.deliver(copy);
  await turns();
  assert.deepEqual([unmarked.mailbox, copy.acks], [[], 1]);
  const [{ attempt, started } = assert.fail()] = unmarked.sentAgain;
  assert.deepEqual([attempt, started], [2, false]);
  const sent = unmarked.transport.sent[0]?.message ?? assert.fail();
  unmarked.intake.deliver(new FakeDelivery(sent, { offset: 1 }));
  await turns();
  assert.deepEqual(unmarked.mailbox.map(({ attempt }) => attempt), [2]);
});

Deno.test("PartitionIntake adds the marks of a later attempt's message to the attempts before it", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(suspect("c1", "again", 1, { attempt: 2 }));
  at.intake.deliver(suspect("c2", "again", 1, { attempt: 3 }));
  await turns();
  assert.deepEqual(at.mailbox.map(({ id, attempt }) => [id, attempt]), [["c1", 3]]);
  assert.deepEqual(at.deadLetters, ["attempts spent; attempts: 3"]);
});

Deno.test("PartitionIntake does not promise of a later attempt that nothing ran", async () => {
  const at = new ServiceFixture();
  at.clock.advance(5_100);
  at.shared.receiver.brokerClock.toLocal(at.clock.now(), at.clock.now());
  at.intake.deliver(suspect("c1", "again", 0, { attempt: 2 }));
  await turns();
  assert.deepEqual(at.answers, ["deadline_exceeded/sent_unknown"]);
});
