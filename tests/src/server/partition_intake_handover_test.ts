import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { SchemaResult } from "../../../src/contract/schema.ts";
import { replyBody } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { deliveryOf, FakeDelivery, idsOf, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { schemaOf } from "../../helpers/schemas.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("PartitionIntake revoke drops what has not started and waits for what runs", async () => {
  const at = new ServiceFixture();
  const [running, waiting] = [deliveryOf("c1"), deliveryOf("c2", { offset: 1 })];
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
  at.intake.deliver(deliveryOf("c3"));
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
  const blocked = deliveryOf("c1");
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
  const frozen = deliveryOf("c1");
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
    deliveryOf("c1"),
    deliveryOf("c2"),
    deliveryOf("late", { storedAtMs: at.clock.now() - 5_100 }),
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
  const running = deliveryOf("c1");
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
  at.intake.deliver(deliveryOf("c1"));
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
  const deliveries = ["c1", "c2"].map((id) => deliveryOf(id));
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
  at.intake.deliver(deliveryOf("c1"));
  at.partition.isHeld = false;
  assert.ok(!at.run(at.mailbox[0]));
});

Deno.test("PartitionIntake waits for the schema of an output, and for it before a hand-over", async () => {
  const checking = createDeferred<SchemaResult<string>>();
  const contract = defineService("test.Service", {
    run: method({ output: schemaOf<string>(() => checking.promise) }),
  });
  const at = new ServiceFixture(contract);
  const call = deliveryOf("c1");
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
  at.intake.deliver(deliveryOf("c1"));
  assert.ok(at.run(at.mailbox[0], "raw"));
  at.intake.lose("lock refused");
  checking.resolve({ value: "parsed" });
  await turns();
  assert.deepEqual([at.replies, at.clock.timers], [[], 0]);
});
