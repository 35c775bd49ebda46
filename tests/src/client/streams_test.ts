import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { PendingCalls } from "../../../src/client/pending.ts";
import { Owners } from "../../../src/client/owners.ts";
import { listenForReplies } from "../../../src/client/reply_listener.ts";
import { OpenStreams } from "../../../src/client/streams.ts";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import { controlMessage } from "../../../src/envelope/credit.ts";
import { writeDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { streamMessage, type StreamPart } from "../../../src/envelope/item.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

function fixture() {
  const transport = new FakeTransport();
  const streams = new OpenStreams(transport);
  const pending = new PendingCalls(new TimerWheel(new ManualClock()));
  return { transport, streams, pending, listen: listenForReplies(pending, new Owners(), streams) };
}

function message(...parts: readonly StreamPart[]) {
  const direct = writeDirect({ address: "fake:producer", topic: "t", broker: "a", id: 0 });
  return streamMessage({ id: "c1", attempt: 1, direct, method: "read", type: json.contentType, parts });
}

const ITEM: StreamPart = { kind: "item", seq: 1, type: json.contentType, body: json.encode(1) };
const END: StreamPart = {
  kind: "end",
  seq: 2,
  reply: { id: "c1", ok: true, type: json.contentType, body: undefined },
};

Deno.test("OpenStreams tells the producer of a stream that nobody reads to stop, but not one that has ended", () => {
  const { transport, streams, listen } = fixture();
  for (const { headers, body } of [message(ITEM), message(ITEM, END), message(END)]) {
    listen({ headers, body });
  }
  assert.equal(streams.stray, 3);
  assert.deepEqual(
    transport.sentTo.map((
      { address, message: { headers } },
    ) => [address, headers.get(HEADER.kind), headers.get(HEADER.id)]),
    [["fake:producer", "cancel", "c1"]],
  );
});

Deno.test("OpenStreams passes an answer over that no stream waits for, and refuses what is of no stream", async () => {
  const { pending, listen } = fixture();
  const broken = new Map(message(ITEM).headers);
  broken.delete(HEADER.seq);
  const question = controlMessage({ kind: "ping", id: "c1", seq: 1, replyTo: "fake:x" }, "");
  const logs = await recordLogs(() => {
    listen({
      headers: controlMessage({ kind: "pong", id: "c1", seq: 1 }, "").headers,
      body: Uint8Array.of(1),
    });
    assert.equal(pending.refusedReplies, 0);
    listen({ headers: broken, body: Uint8Array.of(1) });
    listen({ headers: question.headers, body: Uint8Array.of(1) });
  });
  assert.equal(pending.refusedReplies, 2);
  assert.equal(eventsOf(logs).filter((event) => event === EVENTS.caller.replyRefused).length, 2);
});
