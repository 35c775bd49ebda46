import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { InboundCall, Result } from "../../../src/call/inbound.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const DELAYS = { capabilities: { delayMs: 60_000 } };
const PER_MESSAGE = {
  capabilities: { delayMs: 60_000, ownership: "perMessage", ownedPartitions: false },
} as const;
const Keyed = defineService("test.Service", { run: method<string, string>({ key: (input) => input }) });
const Oneway = defineService("test.Service", { run: method.oneway<string>() });

function received(id: string, changes: Partial<Request> = {}, tag = "run"): FakeDelivery {
  return new FakeDelivery(messageOf(requestOf(id, { timeoutMs: 60_000, ...changes }), tag));
}

/** What a cell settles a call with whose handler threw `ctx.retryAfter()`. */
function later(afterMs: number, attempt = 1): Result {
  return { ok: false, error: new RpcError("unavailable", "Later"), ran: "yes", again: { afterMs, attempt } };
}

function idsOf(calls: readonly InboundCall[]): readonly string[] {
  return calls.map(({ id, attempt }) => `${id}#${attempt}`);
}

Deno.test("Retries keep a short wait in place: the call comes back to its mailbox as its next attempt", async () => {
  const at = new ServiceFixture();
  const message = received("c1");
  at.intake.deliver(message);
  const [first] = at.mailbox;
  assert.ok(at.end(first, later(2_000)));
  at.clock.advance(1_990);
  assert.deepEqual([idsOf(at.mailbox), message.acks, at.replies.length], [["c1#2"], 0, 0]);
  assert.equal(at.mailbox.length, 1);
  at.clock.advance(30);
  assert.deepEqual(idsOf(at.mailbox), ["c1#2", "c1#2"]);
  assert.ok(at.run(at.mailbox[1]));
  await turns();
  assert.deepEqual([message.acks, at.answers, at.sentAgain, at.clock.timers], [1, ["ok"], [], 0]);
});

Deno.test("Retries give every attempt in place a signal that aborts at the deadline", () => {
  const at = new ServiceFixture();
  at.intake.deliver(received("c1", { timeoutMs: 5_000 }));
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  const { signal: first } = call;
  call.settle(later(1_000));
  at.clock.advance(1_010);
  assert.ok(call.claim());
  const { signal: second } = call;
  at.clock.advance(5_000);
  assert.deepEqual([first.aborted, second.aborted], [false, true]);
});

Deno.test("Retries store a longer wait in the queue again, with what is left of its time, and settle the first message", async () => {
  const at = new ServiceFixture(undefined, DELAYS);
  const headers = { idempotencyKey: "k-1", userHeaders: new Map([["tenant", "ü"]]), from: "shop/1" };
  const message = received("c1", headers);
  at.intake.deliver(message);
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  at.clock.advance(1_000);
  assert.ok(at.end(at.mailbox[0], later(5_000)));
  await turns();
  assert.deepEqual([message.acks, at.intake.unsettled], [0, 1]);
  stored.resolve();
  await turns();
  assert.deepEqual([message.acks, at.intake.unsettled, at.replies.length], [1, 0, 0]);
  assert.deepEqual(at.sentAgain, [
    { id: "c1", attempt: 2, started: false, timeoutMs: 54_000, delayMs: 5_000 },
  ]);
  const [sent] = at.transport.sent;
  assert.deepEqual([sent?.queue, sent?.message.tag, sent?.message.keys], [message.queue, "run", ["c1"]]);
  assert.deepEqual(sent?.message.body, message.message.body);
  for (const [name, value] of message.message.headers) {
    if (!/^rpc-(timeout|attempt)$/.test(name)) assert.equal(sent?.message.headers.get(name), value, name);
  }
  assert.equal(at.shared.counts.sentAgain, 1);
});

Deno.test("Retries let the copy of a later attempt run: it is no duplicate of the first message", async () => {
  const at = new ServiceFixture(undefined, DELAYS);
  at.intake.deliver(received("c1"));
  at.end(at.mailbox[0], later(5_000));
  await turns();
  const [sent] = at.transport.sent;
  assert.ok(sent !== undefined);
  const copy = new FakeDelivery(sent.message, { offset: 9, storedAtMs: at.clock.now() });
  at.intake.deliver(copy);
  assert.deepEqual(idsOf(at.mailbox), ["c1#1", "c1#2"]);
  at.run(at.mailbox[1]);
  await turns();
  assert.deepEqual([copy.acks, at.answers, at.shared.counts.duplicates], [1, ["ok"], 0]);
});

Deno.test("Retries never settle a copy for the message that it is the copy of, however early it comes", async () => {
  const at = new ServiceFixture(undefined, DELAYS);
  const message = received("c1");
  at.intake.deliver(message);
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  at.end(at.mailbox[0], later(5_000));
  await turns();
  const [sent] = at.transport.sent;
  assert.ok(sent !== undefined);
  // Its send has not been answered yet.
  const copy = new FakeDelivery(sent.message, { offset: 9, storedAtMs: at.clock.now() });
  at.intake.deliver(copy);
  assert.deepEqual([copy.acks, at.mailbox.length], [0, 1]);
  stored.resolve();
  await turns();
  assert.deepEqual([message.acks, copy.acks, idsOf(at.mailbox)], [1, 0, ["c1#1", "c1#2"]]);
  at.run(at.mailbox[1]);
  await turns();
  assert.deepEqual([copy.acks, at.answers], [1, ["ok"]]);
});

Deno.test("Retries try to store a copy until the deadline, then answer with the handler's error", async () => {
  const at = new ServiceFixture(undefined, DELAYS);
  const message = received("c1", { timeoutMs: 10_000 });
  at.intake.deliver(message);
  at.transport.onSend = ({ topic }) =>
    topic.startsWith("%DLQ%") ? Promise.resolve() : Promise.reject(new Error("down"));
  at.end(at.mailbox[0], later(5_000));
  for (let second = 0; second < 12; second++) {
    await turns();
    if (second < 10) assert.equal(message.acks, 0);
    at.clock.advance(1_000);
  }
  await turns();
  assert.deepEqual([message.acks, at.answers], [1, ["unavailable/replied"]]);
  assert.deepEqual(at.deadLetters, ["no time for another attempt; attempts: 1"]);
  assert.ok(at.transport.sent.length > 3);
  assert.equal(at.clock.timers, 0);
});

Deno.test("Retries end with the handler's error and a dead letter when attempts or time are spent", async () => {
  for (
    const [result, reason] of [
      [later(0, 3), "attempts spent; attempts: 3"],
      [later(60_000), "no time for another attempt; attempts: 1"],
    ] as const
  ) {
    const at = new ServiceFixture(undefined, DELAYS);
    const message = received("c1");
    at.intake.deliver(message);
    at.end(at.mailbox[0], result);
    await turns();
    assert.deepEqual([at.deadLetters, at.answers, message.acks], [[reason], ["unavailable/replied"], 1]);
  }
});

Deno.test("Retries dead-letter a call whose time runs out in the mailbox before its next attempt", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(received("c1", { timeoutMs: 3_000 }));
  at.end(at.mailbox[0], later(2_000));
  at.clock.advance(3_100);
  assert.ok(!at.run(at.mailbox[1]));
  await turns();
  assert.deepEqual(at.answers, ["deadline_exceeded/sent_unknown"]);
  assert.deepEqual(at.deadLetters, ["no time for another attempt; attempts: 1"]);
});

Deno.test("Retries store one-way calls again, and keep them in place where nothing can be delayed", async () => {
  const changes = { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" } as const;
  const at = new ServiceFixture(Oneway, DELAYS);
  at.intake.deliver(received("c1", changes));
  at.end(at.mailbox[0], later(500));
  await turns();
  assert.deepEqual(at.sentAgain, [{
    id: "c1",
    attempt: 2,
    started: false,
    timeoutMs: Infinity,
    delayMs: 500,
  }]);

  const other = new ServiceFixture(Oneway, { capabilities: { delayMs: false } });
  other.intake.deliver(received("c1", changes));
  other.end(other.mailbox[0], later(500));
  other.clock.advance(520);
  assert.deepEqual([idsOf(other.mailbox), other.sentAgain], [["c1#2", "c1#2"], []]);
  await turns();
});

Deno.test("Retries make later calls of a key wait, and nobody else, and keep their order", async () => {
  // Which queue a key belongs to is not what is tested here.
  const at = new ServiceFixture(Keyed, { capabilities: { ownedPartitions: false, delayMs: 60_000 } });
  const taken: string[] = [];
  /** Takes calls as a cell does: what it may not start now, it passes over. */
  const take = (end: (id: string) => Result) => {
    for (const call of at.mailbox.splice(0)) {
      if (!call.claim()) continue;
      taken.push(`${call.id}#${call.attempt}`);
      void call.started();
      call.settle(end(call.id));
    }
  };
  for (const [id, key] of [["c1", "k"], ["c2", "k"], ["c3", "other"], ["c4", "k"]] as const) {
    at.intake.deliver(received(id, { key, body: new TextEncoder().encode(JSON.stringify(key)) }));
  }
  // Longer than a wait in place: calls with keys are not stored again.
  take((id) => id === "c1" ? later(5_000) : { ok: true, output: id });
  assert.deepEqual(taken, ["c1#1", "c3#1"]);
  at.intake.deliver(received("c5", { key: "k", body: new TextEncoder().encode('"k"') }));
  at.clock.advance(4_000);
  take(() => assert.fail());
  at.clock.advance(1_020);
  for (let round = 0; round < 4; round++) {
    take((id) => ({ ok: true, output: id }));
    await turns(1);
  }
  assert.deepEqual(taken, ["c1#1", "c3#1", "c1#2", "c2#1", "c4#1", "c5#1"]);
  assert.deepEqual([at.answers, at.sentAgain, at.intake.unsettled], [Array(5).fill("ok"), [], 0]);
});

Deno.test("Retries answer a call that is cancelled while it waits, and drop it when the queue goes", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(received("c1"));
  at.intake.deliver(received("c2"));
  for (const call of [...at.mailbox]) at.end(call, later(2_000));
  assert.ok(at.intake.cancel("c1"));
  await turns();
  assert.deepEqual(at.answers, ["cancelled/sent_unknown"]);
  await at.intake.revoke();
  at.clock.advance(3_000);
  assert.deepEqual([at.mailbox.length, at.answers.length, at.clock.timers], [2, 1, 0]);
});

Deno.test("Retries give messages back where the broker delivers them again, and join what still runs", async () => {
  const at = new ServiceFixture(undefined, PER_MESSAGE);
  const message = received("c1", {}, "again");
  at.intake.deliver(message);
  at.end(at.mailbox[0], later(5_000));
  assert.deepEqual([message.givenBack, message.acks, at.intake.unsettled], [[5_000], 0, 0]);
  const redelivered = new FakeDelivery(message.message, { starts: 1 });
  at.intake.deliver(redelivered);
  await turns();
  assert.deepEqual(idsOf(at.mailbox), ["c1#1", "c1#2"]);
  // Its time was up at the broker while it ran: the newest delivery is the one that counts.
  const again = new FakeDelivery(message.message, { starts: 2 });
  at.intake.deliver(again);
  at.run(at.mailbox[1]);
  await turns();
  assert.deepEqual([at.mailbox.length, redelivered.acks, again.acks], [2, 1, 1]);
});

Deno.test("Retries send a call of a pack again alone where the broker delivers whole messages again", async () => {
  const at = new ServiceFixture(undefined, PER_MESSAGE);
  const requests = ["c1", "c2"].map((id) => requestOf(id, { timeoutMs: 60_000 }));
  const [one, two] = requests;
  assert.ok(one && two);
  const pack = new FakeDelivery(packOf([one, two], "again"));
  at.intake.deliver(pack);
  at.end(at.mailbox[0], later(5_000));
  await turns();
  assert.deepEqual([pack.givenBack, at.sentAgain.map(({ id, attempt }) => [id, attempt])], [[], [["c1", 2]]]);
  at.run(at.mailbox[1]);
  await turns();
  assert.equal(pack.acks, 1);
});
