import assert from "node:assert/strict";
import { replyBody } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { deliveryOf, FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("PartitionIntake refuses a duplicate for itself: its caller may have heard the refusal of the first before", async () => {
  const at = new ServiceFixture();
  const copies = [0, 1].map((offset) => deliveryOf("c1", { offset }));
  for (const copy of copies) at.intake.deliver(copy);
  at.mailbox[0]?.settle({ ok: false, error: new RpcError("unavailable", "suspended"), ran: "no" });
  await turns();
  const origins = at.replies.map((reply) => reply.ok ? assert.fail() : reply.origin);
  assert.deepEqual(origins.map((origin) => origin?.split("/").at(-1)).sort(), ["0", "1"]);
  assert.deepEqual(copies.map(({ acks }) => acks), [1, 1]);
});

Deno.test("PartitionIntake runs a duplicate once: one reply answers both", async () => {
  const at = new ServiceFixture();
  const copies = [0, 1, 2].map((offset) => deliveryOf("c1", { offset }));
  const [first, second, third] = copies;
  assert.ok(first && second && third);
  at.intake.deliver(first);
  at.intake.deliver(second);
  assert.deepEqual(copies.map(({ acks }) => acks), [0, 0, 0]);
  at.run(at.mailbox[0], "answer");
  await turns();
  assert.equal(at.replies.length, 1);
  at.intake.deliver(third);
  await turns();
  assert.equal(at.mailbox.length, 1);
  assert.deepEqual(copies.map(({ acks }) => acks), [1, 1, 1]);
  assert.deepEqual(
    at.replies.map((reply) => new TextDecoder().decode(replyBody(reply))),
    Array(2).fill('"answer"'),
  );
  assert.equal(at.shared.counts.duplicates, 2);
});

Deno.test("PartitionIntake answers a duplicate that wants its reply elsewhere, once the first is answered", async () => {
  const at = new ServiceFixture();
  const [first, second] = [
    deliveryOf("c1"),
    new FakeDelivery(messageOf(requestOf("c1", { replyTo: "fake:b" }))),
  ];
  at.intake.deliver(first);
  at.intake.deliver(second);
  assert.deepEqual([first.acks, second.acks, second.startedCalls], [0, 0, 1]);
  at.run(at.mailbox[0], "answer");
  await turns();
  assert.deepEqual(at.transport.sentTo.map(({ address }) => address), ["fake:b", "fake:caller"]);
  assert.deepEqual([at.mailbox.length, first.acks, second.acks], [1, 1, 1]);
});

Deno.test("PartitionIntake runs a call that was refused in vain when its caller sends it again", async () => {
  const at = new ServiceFixture();
  at.intake.deliver(deliveryOf("c1"));
  at.end(at.mailbox[0], { ok: false, error: new RpcError("unavailable", "Suspended"), ran: "no" });
  at.intake.deliver(deliveryOf("c1", { offset: 1 }));
  at.run(at.mailbox[1]);
  await turns();
  assert.deepEqual([at.answers, at.shared.counts.duplicates], [["unavailable/rejected", "ok"], 0]);
});
