import assert from "node:assert/strict";
import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { readControl } from "../../../src/envelope/credit.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery } from "../../helpers/deliveries.ts";
import { turns } from "../../helpers/settled.ts";
import { fill, sinkOf, StreamReplyFixture } from "../../helpers/stream_reply_fixture.ts";

Deno.test("StreamReply answers a ping with what it has sent, and an unknown stream is no one's", async () => {
  const at = new StreamReplyFixture();
  const { call } = at.start("c1");
  fill(call, 2);
  await turns();
  assert.ok(at.shared.streams.control({ kind: "ping", id: "c1", seq: 1, replyTo: "fake:caller" }));
  await turns();
  const answer = at.transport.sentTo.at(-1);
  assert.deepEqual([answer?.address, readControl(answer?.message.headers ?? new Map())], [
    "fake:caller",
    { kind: "pong", id: "c1", seq: 2 },
  ]);
  assert.ok(!at.shared.streams.control({ kind: "ping", id: "c9", seq: 1 }));
});

Deno.test("StreamReply tries to send again until its deadline, and then lets go", async () => {
  const at = new StreamReplyFixture();
  at.transport.onSendTo = () =>
    Promise.reject(new RpcError("unavailable", "down", { outcome: "sent_unknown" }));
  const { call, delivery } = at.start("c1", "run", { timeoutMs: 5_000 });
  const { signal } = call;
  fill(call, 1);
  for (let ms = 0; ms < 4_900; ms += 100) {
    at.clock.advance(100);
    await turns(1);
  }
  assert.deepEqual([delivery.acks, at.intake.unsettled], [0, 1]);
  assert.ok(at.messages.length > 2 && at.messages.every(([first]) => first === 1));
  for (let ms = 0; ms < 3_000; ms += 100) {
    at.clock.advance(100);
    await turns(1);
  }
  assert.deepEqual([delivery.acks, at.intake.unsettled, signal.aborted], [1, 0, true]);
  assert.equal(at.shared.streams.counts.undelivered, 1);
});

Deno.test("StreamReply whose reader has no address is let go at once", async () => {
  const at = new StreamReplyFixture();
  at.transport.onSendTo = () =>
    Promise.reject(new RpcError("invalid_argument", "no address", { outcome: "not_sent" }));
  const { call, delivery } = at.start("c1");
  const again = at.start("c1");
  fill(call, 1);
  await turns();
  assert.deepEqual([delivery.acks, call.signal.aborted, at.shared.streams.running], [1, true, 0]);
  assert.equal(again.delivery.acks, 1);
  assert.throws(() => sinkOf(call).room(), RpcError);
});

Deno.test("StreamReply gives a reader up of whom nothing is heard for thirty seconds", async () => {
  const at = new StreamReplyFixture();
  const { call } = at.start("c1");
  const { signal } = call;
  fill(call);
  await turns();
  at.clock.advance(20_000);
  at.shared.streams.control({ kind: "credit", id: "c1", seq: 0 });
  at.clock.advance(20_000);
  assert.ok(!signal.aborted);
  const room = sinkOf(call).room()?.catch((error) => RpcError.from(error).code);
  at.clock.advance(11_000);
  await turns();
  assert.deepEqual([await room, signal.aborted, at.streamed.at(-1)], [
    "unavailable",
    true,
    "5 unavailable/sent_unknown",
  ]);
  assert.equal(at.shared.streams.counts.readersGone, 1);
  call.settle({ ok: false, error: RpcError.from(signal.reason), ran: "yes" });
  await turns();
  assert.equal(at.streamed.length, 5);
});

Deno.test("StreamReply is cancelled by its reader after its request is settled, and duplicates are settled without", async () => {
  const at = new StreamReplyFixture();
  const { call } = at.start("c1");
  const { signal } = call;
  fill(call, 1);
  await turns();
  const again = at.start("c1");
  await turns();
  assert.deepEqual([again.delivery.acks, at.mailbox.length], [1, 1]);
  const queued = new FakeDelivery({ topic: "test-Service", ...cancelMessage("c1", "run") });
  at.intake.deliver(queued);
  assert.deepEqual([signal.aborted, RpcError.from(signal.reason).code], [true, "cancelled"]);
  call.settle({ ok: false, error: RpcError.from(signal.reason), ran: "yes" });
  await turns();
  assert.ok(!at.intake.cancel("c1") || !at.shared.counts.unknownCancels);
  const late = at.start("c1");
  await turns();
  assert.deepEqual([late.delivery.acks, at.mailbox.length, at.replied.length], [1, 1, 0]);
});
