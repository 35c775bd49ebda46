import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { FakeDelivery, messageOf, packOf, QUEUE, requestOf } from "../../helpers/deliveries.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { capitals, slowCapitals } from "../../helpers/schemas.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const oneways = defineService("test.Service", {
  run: method.oneway<string>({ input: capitals }),
  slow: method.oneway<string>({ input: slowCapitals }),
});

const ONE_WAY: Partial<Request> = { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" };

/** A delivery of a one-way call. */
function oneway(
  id: string,
  changes: Partial<Request> = {},
  { tag = "run", ...options }: ConstructorParameters<typeof FakeDelivery>[1] & { tag?: string } = {},
) {
  return new FakeDelivery(messageOf(requestOf(id, { ...ONE_WAY, ...changes }), tag), options);
}

const NUMBER = new TextEncoder().encode("7");

Deno.test("Settlements keep a refused one-way call as a dead letter with the reason: nobody else would learn of it", async () => {
  const at = new ServiceFixture(oneways);
  const refused = [
    oneway("c1", { body: NUMBER }),
    oneway("c2", {}, { tag: "nothing" }),
    oneway("c3", { body: Uint8Array.of(0x7b) }),
    oneway("c4", { type: "text/plain" }),
    oneway("c5", { body: NUMBER }, { tag: "slow" }),
  ];
  const records = await recordLogs(async () => {
    for (const one of refused) at.intake.deliver(one);
    await turns();
  });
  assert.deepEqual(refused.map(({ acks }) => acks), [1, 1, 1, 1, 1]);
  assert.deepEqual([at.mailbox, at.replies], [[], []]);
  const reasons = [...at.deadLetters];
  assert.equal(reasons.length, 5);
  assert.match(reasons[0] ?? "", /^invalid_argument: .*items\[0\]\.name: must be a text/);
  assert.match(reasons[1] ?? "", /^unimplemented: .*no method "nothing"/);
  assert.match(reasons[2] ?? "", /^invalid_argument: .*not JSON/);
  assert.match(reasons[3] ?? "", /^invalid_argument: .*not text\/plain/);
  assert.match(reasons[4] ?? "", /^invalid_argument: .*must be a text; attempts: 0/);
  const { refused: counted, onewayDeadLetters } = at.shared.counts;
  assert.deepEqual([counted, onewayDeadLetters], [5, 5]);
  assert.equal(eventsOf(records).filter((event) => event === EVENTS.callee.refused).length, 5);
  const [letter] = at.transport.sent;
  assert.deepEqual([letter?.message.headers.get(HEADER.kind), letter?.message.body], ["oneway", NUMBER]);
});

Deno.test("Settlements only count a one-way call that expired", async () => {
  const at = new ServiceFixture(oneways);
  const now = at.clock.now();
  at.shared.receiver.brokerClock.toLocal(now, now);
  const expired = oneway("c1", { timeoutMs: 100, deadlineMs: now }, { storedAtMs: now - 150 });
  const records = await recordLogs(async () => {
    at.intake.deliver(expired);
    await turns();
  });
  assert.deepEqual([expired.acks, at.replies, at.deadLetters], [1, [], []]);
  assert.equal(at.shared.counts.expiredUnanswered, 1);
  assert.deepEqual(eventsOf(records), [EVENTS.callee.expired]);
});

Deno.test("Settlements settle a duplicate of a one-way call without a word, while it runs and after", async () => {
  const at = new ServiceFixture(oneways);
  const copies = [oneway("c1"), oneway("c1", { attempt: 2 }), oneway("c1", { attempt: 3 })];
  const [first, second, third] = copies;
  assert.ok(first && second && third);
  at.intake.deliver(first);
  at.intake.deliver(second);
  assert.deepEqual(copies.map(({ acks }) => acks), [0, 0, 0]);
  at.run(at.mailbox[0]);
  at.intake.deliver(third);
  await turns();
  assert.deepEqual([copies.map(({ acks }) => acks), at.mailbox.length, at.replies], [[1, 1, 1], 1, []]);
  assert.equal(at.shared.counts.duplicates, 2);
});

Deno.test("Settlements answer a request whose headers are wrong where the answer finds its way", async () => {
  const at = new ServiceFixture();
  const message = messageOf(requestOf("c1"));
  const wrong = new FakeDelivery({
    ...message,
    headers: new Map([...message.headers, [HEADER.attempt, "x"]]),
  });
  at.intake.deliver(wrong);
  await turns();
  assert.deepEqual([at.answers, at.deadLetters, wrong.acks], [["invalid_argument/rejected"], [], 1]);
  assert.equal(at.transport.sentTo[0]?.address, "fake:caller");
  assert.equal(at.shared.counts.refused, 1);
});

Deno.test("Settlements keep the unreadable calls of a pack alone as dead letters, and its others run", async () => {
  const at = new ServiceFixture();
  const pack = packOf([
    requestOf("c1"),
    requestOf("c2", { kind: "oneway", timeoutMs: Number.NaN }),
    requestOf("c3"),
  ]);
  const delivery = new FakeDelivery(pack);
  at.intake.deliver(delivery);
  for (const call of at.mailbox) at.run(call);
  await turns();
  assert.deepEqual([at.answers, delivery.acks], [["ok", "ok"], 1]);
  const [letter, ...others] = at.transport.sent;
  assert.deepEqual([letter?.message.keys, others], [["c2"], []]);
  assert.deepEqual(letter?.message.headers.get(HEADER.kind), "oneway");
  assert.match(at.deadLetters[0] ?? "", /'rpc-timeout': current value is "NaN"/);
});

Deno.test("Settlements are waited for when the partition is handed over, dead letters included", async () => {
  const at = new ServiceFixture();
  const garbage = new FakeDelivery({
    topic: "t",
    tag: "x",
    keys: [],
    headers: new Map(),
    body: Uint8Array.of(1),
  });
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  at.intake.deliver(garbage);
  await turns();
  let revoked = false;
  const done = at.intake.revoke().then(() => revoked = true);
  await turns();
  assert.ok(!revoked);
  stored.resolve();
  await done;
  assert.deepEqual([garbage.acks, at.clock.timers], [1, 0]);
});

Deno.test("Settlements give a dead letter up that cannot be stored before the hand-over: it comes again", async () => {
  const at = new ServiceFixture(oneways);
  const refused = oneway("c1", { body: NUMBER });
  at.transport.onSend = () => Promise.reject(new Error("down"));
  at.intake.deliver(refused);
  await turns();
  const done = at.intake.revoke();
  at.clock.advance(2_000);
  await done;
  assert.deepEqual([refused.acks, at.transport.sent.length], [0, 1]);
});

Deno.test("Settlements acknowledge a cancel in the queue, whatever it says, and never keep it as a dead letter", async () => {
  const at = new ServiceFixture();
  const good = cancelMessage("c9", "run");
  const messages = [
    good,
    { ...good, headers: new Map([[HEADER.kind, "cancel"]]) },
    { ...good, headers: new Map([...good.headers, [HEADER.id, "a b"]]) },
    { ...good, headers: new Map([...good.headers, [HEADER.version, "2"]]) },
  ];
  const cancels = messages.map((message, offset) =>
    new FakeDelivery({ ...message, topic: QUEUE.topic }, { offset })
  );
  for (const cancel of cancels) at.intake.deliver(cancel);
  await turns();
  assert.deepEqual(cancels.map(({ acks }) => acks), [1, 1, 1, 1]);
  assert.deepEqual([at.transport.sent, at.replies], [[], []]);
  const { refused, unknownCancels, cancelled } = at.shared.counts;
  assert.deepEqual([refused, unknownCancels, cancelled], [3, 1, 0]);
});
