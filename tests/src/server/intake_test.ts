import assert from "node:assert/strict";
import { Intake } from "../../../src/server/intake.ts";
import { FakeDelivery, FakePartition, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

function delivery(id: string): FakeDelivery {
  return new FakeDelivery(messageOf(requestOf(id)));
}

Deno.test("Intake feeds the mailboxes from all its partitions until they are revoked or lost", async () => {
  const at = new ServiceFixture();
  const intake = new Intake(at.shared);
  const [a, b, stranger] = [new FakePartition(), new FakePartition(), new FakePartition()];
  intake.assigned(a);
  intake.assigned(b);
  assert.deepEqual(intake.queues, [a.queue, b.queue]);
  intake.deliver(a, delivery("c1"));
  intake.deliver(b, delivery("c2"));
  intake.deliver(stranger, delivery("c3"));
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
    intake.deliver(partition, delivery(`c${index}`));
  });
  assert.equal(at.mailbox.length, 0);
  at.room = 5;
  intake.pump();
  assert.deepEqual(at.mailbox.map(({ id }) => id), ["c0", "c1"]);
  await turns();
});
