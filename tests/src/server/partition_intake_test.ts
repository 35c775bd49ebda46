import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type } from "../../../src/contract/schema.ts";
import { HEADER, unescapeHeader } from "../../../src/envelope/headers.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { deliveryOf, FakeDelivery, idsOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("PartitionIntake hands calls on in queue order, and settles a message after the reply", async () => {
  const at = new ServiceFixture();
  const single = deliveryOf("c1");
  const pack = new FakeDelivery(packOf([requestOf("c2"), requestOf("c3")]), { offset: 1 });
  at.intake.deliver(single);
  at.intake.deliver(pack);
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c3"]);
  const sent = createDeferred<void>();
  at.transport.onSendTo = () => sent.promise;
  for (const call of at.mailbox) at.run(call);
  await turns();
  assert.deepEqual([single.acks, pack.acks, at.intake.unsettled], [0, 0, 3]);
  sent.resolve();
  await turns();
  assert.deepEqual([single.acks, pack.acks, at.intake.unsettled], [1, 1, 0]);
  assert.deepEqual(idsOf(at.replies), ["c1", "c2", "c3"]);
});

Deno.test("PartitionIntake keeps the order and asks for nothing while a mailbox is full", async () => {
  const at = new ServiceFixture();
  assert.equal(at.partition.demanded, 32);
  at.room = 1;
  for (const id of ["c1", "c2", "c3"]) at.intake.deliver(deliveryOf(id));
  assert.deepEqual(idsOf(at.mailbox), ["c1"]);
  assert.equal(at.partition.demanded, 0);
  at.room = 2;
  at.intake.pump();
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2"]);
  assert.equal(at.partition.demanded, 0);
  at.room = 9;
  at.intake.pump();
  assert.deepEqual(idsOf(at.mailbox), ["c1", "c2", "c3"]);
  assert.equal(at.partition.demanded, 32);
  await turns();
});

Deno.test("PartitionIntake asks for no more than the span limit leaves", () => {
  const at = new ServiceFixture();
  for (let index = 0; index < 9_990; index++) at.intake.deliver(deliveryOf(`c${index}`, { offset: index }));
  assert.equal(at.partition.demanded, 10);
});

Deno.test("PartitionIntake answers what no handler must see", async () => {
  const at = new ServiceFixture();
  const unknown = deliveryOf("c1", {}, "nothing");
  at.intake.deliver(unknown);
  await turns();
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.outcome], ["unimplemented", "rejected"]);
  assert.deepEqual([at.mailbox.length, unknown.acks], [0, 1]);
});

Deno.test("PartitionIntake keeps a message that nobody can read as a dead letter", async () => {
  const at = new ServiceFixture();
  const body = Uint8Array.of(1, 2);
  const garbage = new FakeDelivery({
    topic: "t",
    tag: "x",
    keys: ["k"],
    headers: new Map([["a", "b"]]),
    body,
  });
  at.intake.deliver(garbage);
  await turns();
  const [sent] = at.transport.sent;
  assert.deepEqual([sent?.message.topic, sent?.message.keys], ["%DLQ%rpc-test-Service", ["k"]]);
  assert.deepEqual(sent?.message.body, body);
  assert.match(
    unescapeHeader(sent?.message.headers.get(HEADER.dead) ?? ""),
    /neither a call nor a plain request/,
  );
  assert.equal(garbage.acks, 1);
});

Deno.test("PartitionIntake stores a dead letter before it answers, with reason and attempts", async () => {
  const at = new ServiceFixture();
  const crashed = deliveryOf("c1");
  at.intake.deliver(crashed);
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());

  const error = new RpcError("internal", "Failed");
  call.settle({ ok: false, error, ran: "yes", dead: { reason: "handler crashed", attempts: 2 } });
  await turns();
  assert.deepEqual([at.replies.length, crashed.acks], [0, 0]);
  stored.resolve();
  await turns();
  assert.deepEqual([at.replies.length, crashed.acks], [1, 1]);
  const [letter] = at.transport.sent;
  assert.equal(
    unescapeHeader(letter?.message.headers.get(HEADER.dead) ?? ""),
    "handler crashed; attempts: 2",
  );
});

Deno.test("PartitionIntake sends a declared error with its details", async () => {
  const contract = defineService("test.Service", {
    run: method({ errors: { Short: type<{ missing: number }>() } }),
  });
  const at = new ServiceFixture(contract);
  at.intake.deliver(deliveryOf("c1"));
  const declared = { contract: "test.Service", error: "Short" };
  const error = new RpcError("failed_precondition", "Too little", { declared, details: { missing: 5 } });
  at.end(at.mailbox[0], { ok: false, error, ran: "yes" });
  await turns();
  const [reply] = at.replies;
  assert.ok(reply !== undefined && !reply.ok);
  const { name, body } = reply.declared ?? assert.fail();
  assert.deepEqual([name, JSON.parse(new TextDecoder().decode(body))], ["Short", { missing: 5 }]);
});
