import assert from "node:assert/strict";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
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
