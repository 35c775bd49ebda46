import assert from "node:assert/strict";
import { deliveryOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("PartitionIntake answers a call that expired just now, and only counts an older one", async () => {
  const at = new ServiceFixture();
  const now = at.clock.now();
  at.shared.receiver.brokerClock.toLocal(now, now);
  const [recent, old] = [
    deliveryOf("c1", { storedAtMs: now - 5_199 }),
    deliveryOf("c2", { storedAtMs: now - 5_200 }),
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
  const old = deliveryOf("c1", { storedAtMs: at.clock.now() - 600_000 });
  at.intake.deliver(old);
  await turns();
  assert.deepEqual([at.mailbox, old.acks, at.shared.counts.expiredUnanswered], [[], 1, 1]);
});

Deno.test("PartitionIntake never starts a call that expired in its mailbox, and answers it", async () => {
  const at = new ServiceFixture();
  const late = deliveryOf("c1");
  at.intake.deliver(late);
  at.clock.advance(5_000);
  assert.ok(!at.run(at.mailbox[0]));
  await turns();
  assert.equal(late.acks, 1);
  assert.deepEqual(at.replies.map((reply) => !reply.ok && reply.error.outcome), ["expired"]);
});
