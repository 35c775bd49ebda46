import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { queueOfKey } from "../../../src/call/plan.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type SchemaResult, type } from "../../../src/contract/schema.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { type Reply, replyHeaders } from "../../../src/envelope/reply.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { Message, PlainRequest } from "../../../src/transport/transport.ts";
import { FakeDelivery, idsOf, messageOf, packOf, QUEUE, requestOf } from "../../helpers/deliveries.ts";
import { schemaOf, slowCapitals } from "../../helpers/schemas.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

// One slot: the fake transport's four queues all belong to it.
const keyed = defineService("test.Service", {
  run: method({ input: type<string>(), key: (input) => input }),
  again: method({ input: type<string>(), key: (input) => input, idempotent: true }),
  slow: method({ input: slowCapitals, key: (input) => input, idempotent: true }),
}, { slots: 1 });
const entity = defineEntity("test.Service", { run: method<string>() });

/** A key of each of the four queues. */
const keyOf = [0, 1, 2, 3].map((id) => {
  for (let number = 0;; number++) {
    if (queueOfKey([0, 1, 2, 3], `k${number}`) === id) return `k${number}`;
  }
});
const [HERE = "", THERE = ""] = keyOf;

function delivery(
  id: string,
  key: string,
  { tag = "run", starts = 0, ...changes }: Partial<Request> & { tag?: string; starts?: number } = {},
): FakeDelivery {
  const body = bodyOf(key);
  return new FakeDelivery(messageOf(requestOf(id, { key, body, ...changes }), tag), { starts });
}

function bodyOf(key: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(key));
}

function plainDelivery(key: string, headers: [string, string][] = []): FakeDelivery {
  const plain: PlainRequest = { correlationId: "p1", ttlMs: 3_000, replyTo: "fake:java" };
  const body = bodyOf(key);
  const message: Message = {
    topic: QUEUE.topic,
    tag: "run",
    keys: ["order-7"],
    headers: new Map([["h-tenant", "t1"], ...headers]),
    body,
    plain,
  };
  return new FakeDelivery(message, { offset: 5 });
}

Deno.test("Preparation lets calls run on the queue of their key, of which it asks the transport once", async () => {
  for (const contract of [keyed, entity]) {
    const at = new ServiceFixture(contract);
    let looks = 0;
    const { onQueues } = at.transport;
    at.transport.onQueues = (topic) => (looks++, onQueues(topic));
    at.intake.deliver(delivery("c1", HERE));
    at.intake.deliver(delivery("c2", HERE));
    assert.deepEqual(idsOf(at.mailbox), [], "nothing runs before the queues are known");
    await turns();
    at.intake.deliver(delivery("c3", HERE));
    assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c3"], "now they are, and the third does not wait");
    assert.deepEqual([at.mailbox[0]?.key, looks], [HERE, 1]);
  }
});

Deno.test("Preparation refuses a call of ours on the queue of another key: its caller has another plan", async () => {
  for (const contract of [keyed, entity]) {
    const at = new ServiceFixture(contract);
    const wrong = delivery("c1", THERE);
    at.intake.deliver(wrong);
    at.intake.deliver(delivery("c2", HERE));
    await turns();
    assert.deepEqual([at.answers, idsOf(at.mailbox), wrong.acks], [
      ["failed_precondition/rejected"],
      ["c2"],
      1,
    ]);
    const [reply] = at.replies;
    assert.ok(reply !== undefined && !reply.ok);
    assert.deepEqual([reply.error.message, reply.ran], ["another queue plan", "no"]);
    const { otherPlans, refused, sentOn } = at.shared.counts;
    assert.deepEqual([otherPlans, refused, sentOn], [1, 1, 0]);
  }
});

Deno.test("Preparation runs a refused call that its caller sends again once the plans agree", async () => {
  const at = new ServiceFixture(keyed);
  at.intake.deliver(delivery("c1", THERE));
  await turns();
  assert.deepEqual(at.answers, ["failed_precondition/rejected"]);
  at.transport.onQueues = (topic) => Promise.resolve([{ topic, broker: "a", id: 0 }]);
  at.clock.advance(1_000);
  at.intake.deliver(delivery("c1", THERE, { attempt: 2 }));
  await turns();
  assert.deepEqual([idsOf(at.mailbox), at.shared.counts.duplicates], [["c1"], 0]);
});

Deno.test("Preparation looks the queues up again before it refuses by a plan that is older than a second", async () => {
  const at = new ServiceFixture(keyed);
  at.intake.deliver(delivery("c1", HERE));
  await turns();
  at.transport.onQueues = (topic) => Promise.resolve([{ topic, broker: "a", id: 0 }]);
  at.intake.deliver(delivery("c2", THERE));
  await turns();
  assert.deepEqual(at.answers, ["failed_precondition/rejected"]);
  at.clock.advance(1_000);
  at.intake.deliver(delivery("c3", THERE));
  await turns();
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c3"]);
});

/** Four queues under a number that the test changes, looked up as often as it counts. */
function numbered(at: ServiceFixture, number: number): { number: number; fresh: number } {
  const plan = { number, fresh: 0 };
  at.transport.onPlan = async (topic, fresh) => {
    if (fresh) plan.fresh++;
    return { number: plan.number, queues: await at.transport.onQueues(topic) };
  };
  return plan;
}

/** A delivery on its key's queue, whose caller goes by a plan of that number. */
function planned(id: string, plan: string | undefined): FakeDelivery {
  const { message } = delivery(id, HERE);
  const headers = new Map(message.headers);
  if (plan !== undefined) headers.set(HEADER.plan, plan);
  return new FakeDelivery({ ...message, headers });
}

Deno.test("Preparation refuses a call by another plan, though its key has the same queue; one without a number runs", async () => {
  const at = new ServiceFixture(keyed);
  numbered(at, 2);
  at.intake.deliver(planned("c1", "2"));
  at.intake.deliver(planned("c2", "1"));
  at.intake.deliver(planned("c3", undefined));
  await turns();
  assert.deepEqual([at.answers, idsOf(at.mailbox)], [["failed_precondition/rejected"], ["c1", "c3"]]);
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.id, reply.ran, at.shared.counts.otherPlans], ["c2", "no", 1]);
});

Deno.test("Preparation looks again, anew, before it refuses a call by a later plan, and runs it by that plan", async () => {
  const at = new ServiceFixture(keyed);
  const plan = numbered(at, 1);
  at.intake.deliver(planned("c1", "1"));
  await turns();
  plan.number = 2;
  at.clock.advance(50);
  at.intake.deliver(planned("c2", "2"));
  await turns();
  assert.deepEqual([idsOf(at.mailbox), at.answers, plan.fresh], [["c1", "c2"], [], 2]);
  // A number that nobody has declared makes it look every 50 ms at most.
  for (const id of ["c3", "c4", "c5"]) at.intake.deliver(planned(id, "999999999999999"));
  at.clock.advance(49);
  await turns();
  assert.deepEqual([at.answers.length, plan.fresh], [0, 2]);
  at.clock.advance(1);
  await turns();
  assert.deepEqual([at.answers.length, plan.fresh, at.clock.timers], [3, 3, 0]);
});

Deno.test("Preparation goes by the queue alone where no plan is declared here", async () => {
  const at = new ServiceFixture(keyed);
  at.intake.deliver(planned("c1", "5"));
  await turns();
  assert.deepEqual([idsOf(at.mailbox), at.answers], [["c1"], []]);
});

Deno.test("Preparation runs nothing while the queues cannot be looked up, and says so", async () => {
  const at = new ServiceFixture(keyed);
  at.transport.onQueues = () =>
    Promise.reject(new RpcError("unavailable", "No name server", { outcome: "not_sent" }));
  at.intake.deliver(delivery("c1", HERE));
  await turns();
  assert.deepEqual([at.answers, at.mailbox], [["unavailable/rejected"], []]);
});

Deno.test("Preparation sends a stranger's request on to its key's queue, with what its answer needs, and settles it", async () => {
  const at = new ServiceFixture(keyed);
  const wrong = plainDelivery(THERE);
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  at.intake.deliver(wrong);
  at.clock.advance(500);
  await turns();
  const [sent] = at.transport.sent;
  assert.deepEqual(sent?.queue, { topic: "test-Service", broker: "a", id: 1 });
  const { topic, tag, keys, headers, body, plain } = sent.message;
  assert.deepEqual([topic, tag, keys, body], ["test-Service", "run", ["order-7"], wrong.message.body]);
  assert.deepEqual([headers.get("h-tenant"), headers.get(HEADER.origin)], ["t1", "test-Service/a/0/5"]);
  assert.deepEqual(plain, { correlationId: "p1", ttlMs: 2_500, replyTo: "fake:java" });
  assert.equal(wrong.acks, 0, "not before it is stored there");
  stored.resolve();
  await turns();
  assert.deepEqual([wrong.acks, at.replies, at.mailbox, at.shared.counts.sentOn], [1, [], [], 1]);
  assert.equal(at.intake.unsettled, 0);
});

Deno.test("Preparation sends a duplicate of what was sent on the same way, and settles one that joined it", async () => {
  const at = new ServiceFixture(keyed);
  const copies = [plainDelivery(THERE), plainDelivery(THERE), plainDelivery(THERE)];
  const [first, joined, later] = copies;
  assert.ok(first && joined && later);
  at.intake.deliver(first);
  at.intake.deliver(joined);
  await turns();
  at.intake.deliver(later);
  await turns();
  assert.deepEqual([copies.map(({ acks }) => acks), at.transport.sent.length, at.replies], [
    [1, 1, 1],
    2,
    [],
  ]);
});

Deno.test("Preparation never leaves a plain requester less than a second of TTL: below it, seconds are meant", async () => {
  const at = new ServiceFixture(keyed);
  at.intake.deliver(plainDelivery(THERE));
  at.clock.advance(2_900);
  await turns();
  const sent = at.transport.sent[0]?.message;
  assert.equal(sent?.plain?.ttlMs, 1_000);
  // Its deadline does not move for that.
  assert.equal(sent?.headers.get(HEADER.timeout), "100");
});

Deno.test("Preparation answers a stranger whose request was sent on before, or cannot be sent on", async () => {
  const at = new ServiceFixture(keyed);
  at.intake.deliver(plainDelivery(THERE, [[HEADER.origin, "test-Service/a/2/9"]]));
  await turns();
  assert.deepEqual(at.answers, ["failed_precondition/rejected"]);
  for (const [outcome, ran] of [["not_sent", "rejected"], ["sent_unknown", "sent_unknown"]] as const) {
    const failing = new ServiceFixture(keyed);
    failing.transport.onSend = () => Promise.reject(new RpcError("unavailable", "Down", { outcome }));
    const wrong = plainDelivery(THERE);
    failing.intake.deliver(wrong);
    await turns();
    assert.deepEqual([failing.answers, wrong.acks, failing.mailbox], [[`unavailable/${ran}`], 1, []]);
  }
});

Deno.test("Preparation sends a one-way call on to its key's queue, since its caller would not learn: alone, once, with its time left", async () => {
  const at = new ServiceFixture(keyed);
  const oneway = { kind: "oneway", replyTo: "" } as const;
  const request = requestOf("c1", { ...oneway, key: THERE, body: bodyOf(THERE) });
  const pack = new FakeDelivery(packOf([request, { ...request, id: "c2", key: HERE, body: bodyOf(HERE) }]));
  at.intake.deliver(pack);
  at.clock.advance(1_000);
  await turns();
  assert.deepEqual([idsOf(at.mailbox), at.shared.counts.sentOn], [["c2"], 1]);
  const { message, queue } = at.transport.sent[0] ?? assert.fail();
  assert.deepEqual([queue.id, message.keys, message.plain], [1, ["c1"], undefined]);
  const { kind, timeout, origin } = HEADER;
  assert.deepEqual([kind, timeout, origin].map((name) => message.headers.get(name)), [
    "oneway",
    "4000",
    "test-Service/a/0/0",
  ]);
  at.intake.deliver(new FakeDelivery(message));
  await turns();
  assert.equal(at.transport.sent.length, 2);
  assert.deepEqual(at.deadLetters, ["failed_precondition: another queue plan; attempts: 0"]);
});

Deno.test("Preparation keeps the order of the queue while a schema takes its time", async () => {
  const gates = [createDeferred<SchemaResult<string>>(), createDeferred<SchemaResult<string>>()];
  let asked = 0;
  const held = defineService("test.Service", {
    run: method<string>(),
    held: method({ input: schemaOf<string>(() => gates[asked++]?.promise ?? assert.fail()) }),
  });
  const at = new ServiceFixture(held);
  for (const [id, tag] of [["c1", "held"], ["c2", "run"], ["c3", "held"], ["c4", "run"]] as const) {
    at.intake.deliver(new FakeDelivery(messageOf(requestOf(id), tag)));
  }
  gates[1]?.resolve({ value: "second" });
  await turns();
  assert.deepEqual(idsOf(at.mailbox), []);
  gates[0]?.resolve({ issues: [{ message: "must not be", path: ["a"] }] });
  await turns();
  assert.deepEqual([idsOf(at.mailbox), at.answers], [["c2", "c3", "c4"], [
    "invalid_argument/rejected",
  ]]);
  assert.equal(at.mailbox[1]?.input, "second");
  assert.equal(at.shared.counts.refused, 1);
});

Deno.test("Preparation checks the queue of a key that a schema parsed", async () => {
  const at = new ServiceFixture(keyed);
  const capital = HERE.toUpperCase();
  const owner = queueOfKey([0, 1, 2, 3], capital);
  at.intake.deliver(delivery("c1", capital, { tag: "slow" }));
  await turns();
  assert.deepEqual(idsOf(at.mailbox), owner === 0 ? ["c1"] : []);
  assert.deepEqual(at.answers, owner === 0 ? [] : ["failed_precondition/rejected"]);
});

Deno.test("Preparation looks for the stored reply of a suspect before anything else is said of it", async () => {
  const at = new ServiceFixture(keyed);
  const reply: Reply = { id: "c1", ok: true, type: "application/json", body: Uint8Array.of(49) };
  at.transport.onStoredReplies = () =>
    Promise.resolve([{ headers: replyHeaders(reply), body: Uint8Array.of(49) }]);
  at.intake.deliver(delivery("c1", THERE, { starts: 1 }));
  await turns();
  assert.deepEqual([at.replies, at.shared.counts.foundAgain], [[reply], 1]);
});

Deno.test("Preparation does not promise of a suspect that nothing ran", async () => {
  const at = new ServiceFixture(keyed);
  at.intake.deliver(delivery("c1", THERE, { tag: "again", starts: 1 }));
  const body = new TextEncoder().encode("7");
  at.intake.deliver(delivery("c2", HERE, { tag: "slow", starts: 1, body }));
  await turns();
  assert.deepEqual([...at.answers].sort(), [
    "failed_precondition/sent_unknown",
    "invalid_argument/sent_unknown",
  ]);
});
