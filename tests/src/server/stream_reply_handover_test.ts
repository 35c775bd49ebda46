import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { streamMessage } from "../../../src/envelope/item.ts";
import { turns } from "../../helpers/settled.ts";
import { fill, StreamReplyFixture } from "../../helpers/stream_reply_fixture.ts";

Deno.test("StreamReply goes on while its queue is handed over, up to the drain limit, then ends unavailable", async () => {
  const at = new StreamReplyFixture();
  const [ends, stays] = [at.start("c1"), at.start("c2")];
  const { signal } = stays.call;
  fill(ends.call, 1);
  fill(stays.call, 1);
  await turns();
  let revoked = false;
  const revoking = at.intake.revoke().then(() => revoked = true);
  fill(ends.call, 1);
  ends.call.settle({ ok: true, output: undefined });
  at.clock.advance(4_000);
  await turns();
  assert.deepEqual([revoked, signal.aborted], [false, false]);
  at.clock.advance(1_100);
  await revoking;
  await turns();
  assert.deepEqual(at.streamed.map(String).sort(), ["1", "1", "2", "2 unavailable/sent_unknown", "3 ok"]);
  assert.deepEqual([signal.aborted, at.shared.streams.running], [true, 0]);
});

Deno.test("StreamReply ends unavailable when its queue is lost, and one that has not begun is the next owner's", async () => {
  const at = new StreamReplyFixture();
  const [begun, fresh] = [at.start("c1"), at.start("c2")];
  fill(begun.call, 1);
  await turns();
  at.intake.lose("gone");
  await turns();
  assert.deepEqual(at.streamed, [1, "2 unavailable/sent_unknown"]);
  assert.deepEqual([fresh.delivery.acks, fresh.call.withdrawn, at.replied], [0, true, []]);
});

Deno.test("StreamReply ends unavailable when its handler crashes after its queue was lost, told or not", async () => {
  const at = new StreamReplyFixture();
  const { call } = at.start("c1");
  fill(call, 1);
  await turns();
  at.partition.isLost = true;
  call.drop();
  await turns();
  assert.deepEqual(at.streamed, [1, "2 unavailable/sent_unknown"]);
  assert.equal(at.shared.streams.running, 0);
});

Deno.test("StreamReply that an earlier owner began is not run again, even where it may be: its reader hears of it", async () => {
  const at = new StreamReplyFixture();
  const part = { kind: "item", seq: 1, type: json.contentType, body: json.encode(1) } as const;
  at.transport.onStoredReplies = (id) =>
    Promise.resolve([
      streamMessage({ id, attempt: 1, direct: "x", method: "again", type: json.contentType, parts: [part] }),
    ]);
  const { delivery } = at.start("c1", "again", {}, 1);
  await turns(6);
  assert.deepEqual([at.replied, delivery.acks, at.mailbox], [["unavailable/sent_unknown"], 1, []]);
  at.transport.onStoredReplies = () => Promise.resolve([]);
  const fresh = at.start("c2", "again", {}, 1);
  await turns(6);
  assert.deepEqual([at.mailbox.map(({ id, attempt }) => [id, attempt]), fresh.delivery.acks], [
    [["c2", 2]],
    0,
  ]);
});

Deno.test("StreamReply whose service stops lets its end be stored, and no more", async () => {
  const at = new StreamReplyFixture();
  const { call } = at.start("c1");
  fill(call, 1);
  await turns();
  at.transport.onSendTo = () => new Promise(() => {});
  at.intake.lose("gone");
  const closing = at.shared.streams.close();
  at.clock.advance(1_100);
  await closing;
  assert.deepEqual([at.wheel.size, at.clock.timers], [0, 0]);
});
