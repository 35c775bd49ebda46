import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { deliveryOf, FakeDelivery, idsOf, messageOf, QUEUE, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("PartitionIntake ends a call by a cancel in its queue, before, behind or while it runs", async () => {
  const at = new ServiceFixture();
  const cancel = (id: string) => new FakeDelivery({ ...cancelMessage(id, "run"), topic: QUEUE.topic });
  at.room = 2;
  const calls = ["c1", "c2", "c3", "c4"].map((id) => deliveryOf(id));
  const cancels = ["c4", "c2", "c3", "c1"].map(cancel);
  // Two sends at once may be stored in either order.
  at.intake.deliver(cancels[0] ?? assert.fail());
  for (const call of calls) at.intake.deliver(call);
  const [running] = at.mailbox;
  assert.ok(running !== undefined && running.claim());
  for (const one of cancels.slice(1)) at.intake.deliver(one);
  assert.ok(running.signal.aborted);
  await turns();
  assert.deepEqual(cancels.map(({ acks }) => acks), [1, 1, 1, 1]);
  assert.deepEqual(calls.map(({ acks }) => acks), [0, 1, 1, 1]);
  assert.deepEqual([idsOf(at.replies), at.mailbox.length], [["c4", "c2", "c3"], 2]);
  running.settle({ ok: false, error: new RpcError("cancelled", "As you wish"), ran: "yes" });
  await turns();
  assert.deepEqual([calls[0]?.acks, at.answers.at(-1)], [1, "cancelled/replied"]);
  const { cancelled, unknownCancels } = at.shared.counts;
  assert.deepEqual([cancelled, unknownCancels], [4, 1]);
  at.room = 9;
  at.intake.deliver(deliveryOf("c5"));
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c5"], "nothing holds the queue up");
});

Deno.test("PartitionIntake finds out about a suspect before a cancel ends it", async () => {
  for (const [tag, answer, letters] of [["again", "cancelled", 0], ["run", "internal", 1]] as const) {
    const at = new ServiceFixture();
    at.intake.deliver(deliveryOf("c1", { starts: 1 }, tag));
    assert.ok(at.intake.cancel("c1"));
    await turns();
    for (const call of at.mailbox) assert.ok(!at.run(call));
    await turns();
    assert.deepEqual([at.answers, at.deadLetters.length], [[`${answer}/sent_unknown`], letters]);
  }
});

Deno.test("PartitionIntake runs a cancelled call no more whose handler asks for another attempt", async () => {
  for (const afterMs of [100, 10_000]) {
    const at = new ServiceFixture(undefined, { capabilities: { delayMs: 60_000 } });
    const message = new FakeDelivery(messageOf(requestOf("c1", { timeoutMs: 60_000 })));
    at.intake.deliver(message);
    const [call] = at.mailbox.splice(0);
    assert.ok(call !== undefined && call.claim());
    assert.ok(at.intake.cancel("c1"));
    const error = new RpcError("unavailable", "Later");
    call.settle({ ok: false, error, ran: "yes", again: { afterMs, attempt: 1 } });
    await turns();
    assert.deepEqual([message.acks, at.answers, at.sentAgain], [1, ["unavailable/replied"], []]);
    assert.deepEqual([at.deadLetters, at.intake.unsettled], [[], 0]);
  }
});

Deno.test("PartitionIntake ends a call that is cancelled while it is stored again: its copy does not run", async () => {
  const at = new ServiceFixture(undefined, { capabilities: { delayMs: 60_000 } });
  at.intake.deliver(new FakeDelivery(messageOf(requestOf("c1", { timeoutMs: 60_000 }))));
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  const error = new RpcError("unavailable", "Later");
  assert.ok(
    at.end(at.mailbox.shift(), { ok: false, error, ran: "yes", again: { afterMs: 3_000, attempt: 1 } }),
  );
  assert.ok(at.intake.cancel("c1"));
  stored.resolve();
  await turns();
  at.clock.advance(3_000);
  const copy = at.transport.sent[0]?.message ?? assert.fail();
  at.intake.deliver(new FakeDelivery(copy, { offset: 1 }));
  for (const call of at.mailbox) assert.ok(!at.run(call));
  await turns();
  assert.deepEqual(at.answers, ["cancelled/sent_unknown"]);
});
