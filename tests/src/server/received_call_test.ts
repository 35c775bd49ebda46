import assert from "node:assert/strict";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

async function received(tag = "run") {
  const at = new ServiceFixture();
  const request = requestOf("c1", { idempotencyKey: "k", userHeaders: new Map([["tenant", "t1"]]) });
  const delivery = new FakeDelivery(messageOf(request, tag));
  at.intake.deliver(delivery);
  const [call] = at.mailbox;
  assert.ok(call !== undefined);
  await turns(1);
  return { at, call, delivery };
}

Deno.test("ReceivedCall shows what came with the request", async () => {
  const { call, at } = await received();
  assert.deepEqual([call.id, call.method, call.input, call.bytes, call.attempt], ["c1", "run", "c1", 4, 1]);
  assert.deepEqual([call.idempotencyKey, call.caller, call.headers.get("tenant")], ["k", "test/1", "t1"]);
  assert.equal(call.deadlineMs, at.clock.now() + 5_000);
});

Deno.test("ReceivedCall aborts its handler at the deadline, with a reason that says so", async () => {
  const { at, call } = await received();
  assert.ok(call.claim());
  const { signal } = call;
  at.clock.advance(4_990);
  assert.ok(!signal.aborted);
  at.clock.advance(30);
  assert.ok(signal.aborted);
  assert.deepEqual([signal.reason.code, signal.reason.message], [
    "deadline_exceeded",
    "The deadline passed while the handler ran",
  ]);
});

Deno.test("ReceivedCall leaves no timer once it is settled, whenever its signal was asked for", async () => {
  for (const early of [true, false]) {
    const { at, call } = await received();
    assert.ok(call.claim());
    if (early) assert.ok(!call.signal.aborted);
    call.settle({ ok: true, output: 1 });
    if (!early) assert.ok(!call.signal.aborted);
    assert.deepEqual([at.wheel.size, at.clock.timers], [0, 0]);
    await turns();
  }
});

Deno.test("ReceivedCall settles once", async () => {
  const { at, call } = await received();
  assert.ok(call.claim());
  call.settle({ ok: true, output: 1 });
  call.settle({ ok: true, output: 2 });
  await turns();
  assert.equal(at.replies.length, 1);
  assert.ok(!call.claim());
});

Deno.test("ReceivedCall waits for the record of its start only where it must not run twice", async () => {
  for (const [tag, waits] of [["run", true], ["again", false]] as const) {
    const { call, delivery } = await received(tag);
    delivery.onStarted = () => Promise.reject(new Error("lost"));
    const recorded = call.started();
    assert.equal(delivery.startedCalls, 1);
    assert.equal(recorded !== undefined, waits);
    if (recorded !== undefined) await assert.rejects(recorded);
  }
});

Deno.test("ReceivedCall that was withdrawn shows an aborted signal, also when asked for later", async () => {
  const { at, call } = await received();
  at.intake.lose("gone");
  assert.ok(call.withdrawn && call.signal.aborted);
  assert.equal(at.wheel.size, 0);
});

Deno.test("ReceivedCall expires instead of starting when less time is left than its method needs", async () => {
  const contract = defineService("test.Service", { run: method<string, string>({ minRemainingMs: 1_000 }) });
  for (const [passedMs, starts] of [[4_000, true], [4_001, false]] as const) {
    const at = new ServiceFixture(contract);
    at.intake.deliver(new FakeDelivery(messageOf(requestOf("c1"))));
    at.clock.advance(passedMs);
    assert.equal(at.run(at.mailbox[0]), starts);
    await turns();
    assert.deepEqual(at.answers, [starts ? "ok" : "deadline_exceeded/expired"]);
    const [reply] = at.replies;
    if (reply?.ok === false) assert.match(reply.error.message, /than the 1000 ms that the method needs/);
  }
});

Deno.test("ReceivedCall starts without a deadline, however much time its method needs", async () => {
  const contract = defineService("test.Service", { run: method.oneway<string>({ minRemainingMs: 1_000 }) });
  const at = new ServiceFixture(contract);
  const request = requestOf("c1", { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity });
  at.intake.deliver(new FakeDelivery(messageOf(request)));
  at.clock.advance(86_400_000);
  assert.ok(at.run(at.mailbox[0]));
  await turns();
});

Deno.test("ReceivedCall that is cancelled in its mailbox is answered, and never starts", async () => {
  const { at, call, delivery } = await received();
  assert.ok(at.intake.cancel("c1"));
  assert.ok(!call.claim() && call.withdrawn && call.signal.aborted);
  await turns();
  assert.deepEqual([at.answers, delivery.acks, at.intake.unsettled], [["cancelled/rejected"], 1, 0]);
  assert.deepEqual([at.wheel.size, at.shared.counts.cancelled], [0, 1]);
});

Deno.test("ReceivedCall that is cancelled while it runs tells its handler, and its answer counts", async () => {
  for (const early of [true, false]) {
    const { at, call, delivery } = await received();
    assert.ok(call.claim());
    await call.started();
    if (early) assert.ok(!call.signal.aborted);
    assert.ok(at.intake.cancel("c1") && at.intake.cancel("c1"));
    assert.ok(call.signal.aborted && !call.withdrawn);
    assert.deepEqual([call.signal.reason.code, call.signal.reason.callId], ["cancelled", "c1"]);
    call.settle({ ok: true, output: "anyway" });
    await turns();
    assert.deepEqual([at.answers, delivery.acks, at.shared.counts.cancelled], [["ok"], 1, 1]);
    assert.ok(at.intake.cancel("c1"), "it is known, but there is nothing left to end");
    assert.deepEqual([at.shared.counts.cancelled, at.wheel.size], [1, 0]);
  }
});

Deno.test("ReceivedCall that is cancelled while its start is recorded does not begin", async () => {
  const { at, call, delivery } = await received();
  delivery.onStarted = () => new Promise(() => {});
  assert.ok(call.claim());
  void call.started();
  at.intake.cancel("c1");
  assert.ok(call.withdrawn);
  await turns();
  assert.deepEqual([at.answers, delivery.acks], [["cancelled/rejected"], 1]);
});

Deno.test("ReceivedCall of a suspect does not promise that nothing ran, cancelled or expired", async () => {
  for (const [end, answer] of [["cancel", "cancelled"], ["expire", "deadline_exceeded"]] as const) {
    const at = new ServiceFixture();
    at.intake.deliver(new FakeDelivery(messageOf(requestOf("c1"), "again"), { starts: 1 }));
    await turns();
    if (end === "cancel") at.intake.cancel("c1");
    else at.clock.advance(5_000);
    assert.ok(!at.run(at.mailbox[0]));
    await turns();
    assert.deepEqual(at.answers, [`${answer}/sent_unknown`]);
  }
});

Deno.test("ReceivedCall interrupts the attempt under way, and gives the next one a signal of its own", async () => {
  const { at, call } = await received();
  assert.ok(call.claim());
  const { signal } = call;
  call.interrupt("stop");
  assert.deepEqual([signal.aborted, signal.reason, at.wheel.size], [true, "stop", 0]);
  const { signal: second } = call;
  assert.ok(!second.aborted && !call.withdrawn);
  at.clock.advance(5_020);
  assert.equal(second.reason.code, "deadline_exceeded");
  call.settle({ ok: true, output: 1 });
  call.interrupt("too late");
  await turns();
  assert.equal(at.replies.length, 1);
});
