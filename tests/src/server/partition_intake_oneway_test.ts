import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const oneways = defineService("test.Service", {
  run: method.oneway<string>(),
  call: method<string, string>(),
});

function oneway(id: string, tag = "run"): FakeDelivery {
  const request = requestOf(id, { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" });
  return new FakeDelivery(messageOf(request, tag));
}

Deno.test("PartitionIntake settles a one-way call after its handler, without a reply", async () => {
  const at = new ServiceFixture(oneways);
  const calls = [oneway("c1"), oneway("c2", "call")];
  for (const one of calls) at.intake.deliver(one);
  await turns();
  assert.deepEqual([calls.map(({ acks }) => acks), at.mailbox.map(({ kind }) => kind)], [
    [0, 0],
    ["oneway", "oneway"],
  ]);
  // What it answers is not even looked at.
  for (const call of at.mailbox) at.run(call, Symbol("odd"));
  await turns();
  assert.deepEqual([calls.map(({ acks }) => acks), at.replies, at.deadLetters], [[1, 1], [], []]);
  assert.deepEqual([at.intake.unsettled, at.shared.answers.lost], [0, 0]);
});

Deno.test("PartitionIntake keeps a one-way call that failed as a dead letter with the reason, then settles it", async () => {
  const at = new ServiceFixture(oneways);
  const [refused, crashed] = [oneway("c1"), oneway("c2")];
  at.intake.deliver(refused);
  at.intake.deliver(crashed);
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  at.end(at.mailbox[0], { ok: false, error: new RpcError("not_found", "No such account"), ran: "yes" });
  const dead = { reason: "handler crashed", attempts: 1 };
  at.end(at.mailbox[1], { ok: false, error: new RpcError("internal", "Failed"), ran: "yes", dead });
  await turns();
  assert.deepEqual([refused.acks, crashed.acks], [0, 0]);
  stored.resolve();
  await turns();
  assert.deepEqual(at.deadLetters, [
    "not_found: No such account; attempts: 1",
    "handler crashed; attempts: 1",
  ]);
  assert.deepEqual([refused.acks, crashed.acks, at.replies], [1, 1, []]);
  assert.equal(at.shared.counts.onewayDeadLetters, 2);
});

Deno.test("PartitionIntake only counts a one-way call that expired in its mailbox or was cancelled", async () => {
  const at = new ServiceFixture(oneways);
  const limited = { kind: "oneway", replyTo: "", timeoutMs: 1_000 } as const;
  const expired = new FakeDelivery(messageOf(requestOf("c1", limited)));
  const cancelled = oneway("c2");
  at.intake.deliver(expired);
  at.intake.deliver(cancelled);
  at.clock.advance(1_000);
  at.intake.cancel("c2");
  for (const call of at.mailbox) assert.ok(!at.run(call));
  await turns();
  assert.deepEqual([expired.acks, cancelled.acks, at.replies, at.deadLetters], [1, 1, [], []]);
  const { expiredUnanswered, cancelled: counted, onewayDeadLetters } = at.shared.counts;
  assert.deepEqual([expiredUnanswered, counted, onewayDeadLetters], [1, 1, 0]);
});

Deno.test("PartitionIntake buries a one-way suspect that must not run twice, and answers nobody", async () => {
  const at = new ServiceFixture(oneways);
  const request = requestOf("c1", { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" });
  const suspect = new FakeDelivery(messageOf(request), { starts: 1 });
  at.intake.deliver(suspect);
  await turns();
  assert.deepEqual([at.deadLetters, suspect.acks, at.replies], [["may have run; attempts: 1"], 1, []]);
});
