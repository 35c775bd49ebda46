import assert from "node:assert/strict";
import { Intake } from "../../../src/server/intake.ts";
import { deliveryOf, FakePartition, QUEUE } from "../../helpers/deliveries.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("Intake feeds the mailboxes from all its partitions until they are revoked or lost", async () => {
  const at = new ServiceFixture();
  const intake = new Intake(at.shared);
  const [a, b, stranger] = [new FakePartition(), new FakePartition(), new FakePartition()];
  intake.assigned(a);
  intake.assigned(b);
  assert.deepEqual(intake.queues, [a.queue, b.queue]);
  intake.deliver(a, deliveryOf("c1"));
  intake.deliver(b, deliveryOf("c2"));
  intake.deliver(stranger, deliveryOf("c3"));
  assert.deepEqual([at.mailbox.map(({ id }) => id), intake.unsettled], [["c1", "c2"], 2]);
  await intake.revoked(a);
  intake.lost(b, "gone");
  assert.deepEqual([intake.queues, intake.unsettled], [[], 0]);
  assert.ok(at.mailbox.every((call) => call.withdrawn));
  intake.lost(b, "again");
  await intake.revoked(a);
});

Deno.test("Intake hands on what waits in every partition when a mailbox has room", async () => {
  const at = new ServiceFixture();
  const intake = new Intake(at.shared);
  const partitions = [new FakePartition(), new FakePartition()];
  at.room = 0;
  partitions.forEach((partition, index) => {
    intake.assigned(partition);
    intake.deliver(partition, deliveryOf(`c${index}`));
  });
  assert.equal(at.mailbox.length, 0);
  at.room = 5;
  intake.pump();
  assert.deepEqual(at.mailbox.map(({ id }) => id), ["c0", "c1"]);
  await turns();
});

Deno.test("Intake lets what belongs to a partition go after its drain, and gives the queue back after that", async () => {
  const at = new ServiceFixture();
  const intake = new Intake(at.shared);
  const partition = new FakePartition();
  partition.queue = { ...QUEUE, broker: "b", id: 3 };
  intake.assigned(partition);
  intake.deliver(partition, deliveryOf("c1"));
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  const { promise, resolve } = createDeferred<void>();
  at.onReleased = () => promise;
  let revoked = false;
  const done = intake.revoked(partition).then(() => revoked = true);
  await turns();
  assert.deepEqual([at.released, revoked], [[], false], "its handler is at work");
  call.settle({ ok: true, output: 1 });
  await turns();
  assert.deepEqual([at.released, revoked, intake.queues], [["b/3"], false, []]);
  resolve();
  await done;
  assert.equal(at.clock.timers, 0);
});

Deno.test("Intake gives a queue back whose mailboxes do not let go: at the drain limit, or when they fail", async () => {
  for (const hangs of [true, false]) {
    const at = new ServiceFixture();
    const intake = new Intake(at.shared);
    const partition = new FakePartition();
    intake.assigned(partition);
    at.onReleased = () => hangs ? new Promise(() => {}) : Promise.reject(new Error("Stuck"));
    const records = await recordLogs(async () => {
      const done = intake.revoked(partition);
      await turns();
      if (hangs) at.clock.advance(5_000);
      await done;
    });
    assert.deepEqual(eventsOf(records), [EVENTS.partition.releaseFailed, EVENTS.partition.revoked]);
    assert.equal(at.clock.timers, 0);
  }
});

Deno.test("Intake lets what belongs to a lost partition go once, and waits for nothing", async () => {
  const at = new ServiceFixture();
  const intake = new Intake(at.shared);
  const [partition, other] = [new FakePartition(), new FakePartition()];
  intake.assigned(partition);
  intake.assigned(other);
  at.onReleased = () => Promise.reject(new Error("Stuck"));
  intake.deliver(partition, deliveryOf("c1"));
  assert.ok(at.mailbox[0]?.claim());
  const records = await recordLogs(async () => {
    const revoking = intake.revoked(partition);
    intake.lost(partition, "lock refused");
    await revoking;
    intake.lost(other, "lock refused");
    await turns();
  });
  assert.deepEqual(at.released, ["a/0", "a/0"]);
  assert.equal(eventsOf(records).filter((event) => event === EVENTS.partition.releaseFailed).length, 2);
  assert.equal(at.clock.timers, 0);
});

Deno.test("Intake finds the call that is cancelled in any of its partitions", async () => {
  const at = new ServiceFixture();
  const intake = new Intake(at.shared);
  const partitions = [new FakePartition(), new FakePartition()];
  partitions.forEach((partition, index) => {
    intake.assigned(partition);
    intake.deliver(partition, deliveryOf(`c${index}`));
  });
  assert.ok(intake.cancel("c1") && !intake.cancel("c2"));
  await turns();
  assert.deepEqual(at.answers, ["cancelled/rejected"]);
});
