import assert from "node:assert/strict";
import type { InboundCall, Result } from "../../../src/call/inbound.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { readControl } from "../../../src/envelope/credit.ts";
import { readDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import {
  isStreamMessage,
  readStreamMessage,
  streamMessage,
  type StreamPart,
} from "../../../src/envelope/item.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { json } from "../../../src/codec/json.ts";
import { capitals, endless } from "../../helpers/schemas.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { type FixtureOptions, repliesIn, ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";

const contract = defineService("test.Service", {
  run: method.stream<string, unknown, { Short: number }>({
    errors: {
      Short: { "~standard": { version: 1, vendor: "t", validate: (value) => ({ value: value as number }) } },
    },
  }),
  again: method.stream<string, unknown>({ idempotent: true }),
  checked: method.stream<string, string, never, string, string>({ item: capitals }),
  endless: method.stream<string, string, never, string, string>({ item: endless }),
  call: method<string, string>(),
});
const CREDIT = { items: 4, bytes: 100 };

/** A service whose handlers the test plays. */
class Fixture extends ServiceFixture {
  constructor(options?: FixtureOptions) {
    super(contract, options);
  }

  /** A call arrives and is started. */
  start(id: string, tag = "run", changes: Partial<Request> = {}, starts = 0) {
    const before = this.mailbox.length;
    const delivery = new FakeDelivery(
      messageOf(requestOf(id, { credit: CREDIT, timeoutMs: 300_000, ...changes }), tag),
      {
        starts,
      },
    );
    this.intake.deliver(delivery);
    const arrived = this.mailbox.length > before;
    const call = this.mailbox.at(-1);
    if (arrived && call !== undefined) {
      assert.ok(call.claim());
      void call.started();
    }
    return { call: call as InboundCall, delivery };
  }

  /** What was answered with one reply. */
  get replied(): readonly string[] {
    return this.transport.sentTo.filter(({ message }) => !isStreamMessage(message.headers)).flatMap(repliesIn)
      .map((reply) => reply.ok ? "ok" : `${reply.error.code}/${reply.error.outcome}`);
  }

  /** What was sent of streams, in order: the number of an item, or how a stream ended. */
  get streamed(): readonly (number | string)[] {
    return this.messages.flat();
  }

  /** The same, message by message. */
  get messages(): readonly (readonly (number | string)[])[] {
    return this.transport.sentTo.filter(({ message }) => isStreamMessage(message.headers))
      .map(({ message }) => readStreamMessage(message.headers, message.body).parts.map(shown));
  }
}

function shown(part: StreamPart): number | string {
  if (part.kind === "item") return part.seq;
  const { reply } = part;
  return `${part.seq} ${reply.ok ? "ok" : `${reply.error.code}/${reply.error.outcome}`}`;
}

function sinkOf({ stream }: InboundCall) {
  if (stream === undefined) throw new TypeError("It is no stream");
  return stream;
}

/** Makes items as long as there is room. Returns how many. */
function fill(call: InboundCall, most = Infinity): number {
  let count = 0;
  for (; count < most && sinkOf(call).room() === undefined; count++) void sinkOf(call).push("item");
  return count;
}

const OK: Result = { ok: true, output: undefined };

Deno.test("StreamReply sends items in order, one message at a time, and settles the request with the first", async () => {
  const at = new Fixture();
  const gates: (() => void)[] = [];
  at.transport.onSendTo = () => new Promise((resolve) => gates.push(resolve));
  const { call, delivery } = at.start("c1");
  void sinkOf(call).push("a");
  await turns();
  void sinkOf(call).push("b");
  void sinkOf(call).push("c");
  await turns();
  assert.deepEqual([at.messages, delivery.acks], [[[1]], 0]);
  gates.shift()?.();
  await turns();
  assert.deepEqual([at.messages, delivery.acks, at.intake.unsettled], [[[1], [2, 3]], 1, 0]);
  call.settle(OK);
  await turns();
  gates.shift()?.();
  await turns();
  gates.shift()?.();
  await turns();
  assert.deepEqual(at.messages, [[1], [2, 3], ["4 ok"]]);
  assert.deepEqual([at.shared.streams.running, at.wheel.size, at.clock.timers], [0, 0, 0]);
  const { headers } = at.transport.sentTo[1]?.message ?? { headers: new Map() };
  assert.equal(readDirect(headers.get(HEADER.direct))?.address, "fake:me");
});

Deno.test("StreamReply has room for what its reader grants, by items and by bytes", async () => {
  const at = new Fixture();
  const { call } = at.start("c1");
  assert.equal(fill(call), 4);
  await turns();
  const room = sinkOf(call).room();
  at.shared.streams.control({ kind: "credit", id: "c1", seq: 3 });
  await room;
  assert.equal(fill(call), 3);
  // What it has not sent cannot have been read.
  at.shared.streams.control({ kind: "credit", id: "c1", seq: 900 });
  assert.equal(fill(call), 4);
  const bytes = at.start("c2", "run", { credit: { items: 100, bytes: 10 } });
  assert.equal(fill(bytes.call), 2);
  const huge = at.start("c3", "run", { credit: { items: 900_000, bytes: 900_000_000 } });
  assert.equal(fill(huge.call), 64);
  assert.equal(await Promise.race([sinkOf(huge.call).room(), turns().then(() => "none")]), undefined);
});

Deno.test("StreamReply answers a ping with what it has sent, and an unknown stream is no one's", async () => {
  const at = new Fixture();
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

Deno.test("StreamReply ends behind its items: as its handler answered, or crashed, without a dead letter", async () => {
  const declared = { contract: contract.name, error: "Short" };
  const results: readonly (readonly [Result, string])[] = [
    [OK, "3 ok"],
    [{ ok: false, error: new RpcError("not_found", "none"), ran: "yes" }, "3 not_found/replied"],
    [
      { ok: false, error: new RpcError("aborted", "short", { declared, details: 5 }), ran: "yes" },
      "3 failed_precondition/replied",
    ],
    [
      {
        ok: false,
        error: new RpcError("internal", "x"),
        ran: "yes",
        dead: { reason: "handler crashed", attempts: 1 },
      },
      "3 internal/replied",
    ],
    [
      { ok: false, error: new RpcError("unavailable", "x"), ran: "yes", again: { afterMs: 5, attempt: 1 } },
      "3 unavailable/replied",
    ],
  ];
  for (const [result, end] of results) {
    const at = new Fixture();
    const { call, delivery } = at.start("c1");
    fill(call, 2);
    call.settle(result);
    await turns();
    assert.deepEqual([at.streamed, delivery.acks, at.deadLetters], [[1, 2, end], 1, []]);
  }
});

Deno.test("StreamReply that made no item is answered like any call", async () => {
  const at = new Fixture();
  const ended = at.start("c1");
  ended.call.settle(OK);
  const failed = at.start("c2");
  failed.call.settle({ ok: false, error: new RpcError("not_found", "none"), ran: "yes" });
  await turns();
  assert.deepEqual([at.replied, at.streamed], [["ok", "not_found/replied"], []]);
  assert.deepEqual([ended.delivery.acks, failed.delivery.acks], [1, 1]);
  // A duplicate gets the same answer.
  at.start("c1");
  await turns();
  assert.equal(at.replied.length, 3);
});

Deno.test("StreamReply ends with an item that cannot travel", async () => {
  for (const [tag, value, made] of [["checked", 5, 1], ["run", Symbol("x"), 1]] as const) {
    const at = new Fixture();
    const { call } = at.start("c1", tag);
    void sinkOf(call).push("a");
    let thrown: unknown;
    try {
      await sinkOf(call).push(value);
    } catch (error) {
      thrown = error;
    }
    assert.equal(RpcError.from(thrown).code, "internal");
    assert.throws(() => sinkOf(call).room(), RpcError);
    call.settle({ ok: false, error: RpcError.from(thrown), ran: "yes" });
    await turns();
    assert.deepEqual([at.streamed, at.shared.answers.lost], [[made, "2 internal/executed_reply_lost"], 1]);
  }
});

Deno.test("StreamReply waits for an item's schema, for a while", async () => {
  const at = new Fixture();
  const { call } = at.start("c1", "endless");
  const pushed = Promise.resolve(sinkOf(call).push("a")).catch((error) => RpcError.from(error).code);
  at.clock.advance(6_000);
  assert.equal(await pushed, "internal");
});

Deno.test("StreamReply tries to send again until its deadline, and then lets go", async () => {
  const at = new Fixture();
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
  const at = new Fixture();
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
  const at = new Fixture();
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
  const at = new Fixture();
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

Deno.test("StreamReply goes on while its queue is handed over, up to the drain limit, then ends unavailable", async () => {
  const at = new Fixture();
  const [ends, stays] = [at.start("c1"), at.start("c2")];
  const { signal } = stays.call;
  fill(ends.call, 1);
  fill(stays.call, 1);
  await turns();
  let revoked = false;
  const revoking = at.intake.revoke().then(() => revoked = true);
  fill(ends.call, 1);
  ends.call.settle(OK);
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
  const at = new Fixture();
  const [begun, fresh] = [at.start("c1"), at.start("c2")];
  fill(begun.call, 1);
  await turns();
  at.intake.lose("gone");
  await turns();
  assert.deepEqual(at.streamed, [1, "2 unavailable/sent_unknown"]);
  assert.deepEqual([fresh.delivery.acks, fresh.call.withdrawn, at.replied], [0, true, []]);
});

Deno.test("StreamReply ends unavailable when its handler crashes after its queue was lost, told or not", async () => {
  const at = new Fixture();
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
  const at = new Fixture();
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

Deno.test("StreamReply is refused where its method is none, and the other way round", async () => {
  const at = new Fixture();
  at.start("c1", "call");
  at.start("c2", "run", { credit: undefined });
  at.intake.deliver(
    new FakeDelivery({
      ...messageOf(requestOf("c3", { credit: CREDIT }), "run"),
      headers: new Map([...messageOf(requestOf("c3", { credit: CREDIT }), "run").headers, [
        HEADER.credit,
        "many",
      ]]),
    }),
  );
  await turns();
  assert.deepEqual(at.replied, [
    "unimplemented/rejected",
    "unimplemented/rejected",
    "invalid_argument/rejected",
  ]);
  assert.deepEqual(at.mailbox, []);
});

Deno.test("StreamReply is refused while more run than the service may have", async () => {
  const at = new Fixture();
  for (let n = 0; n < 4_096; n++) fill(at.start(`c${n}`).call, 1);
  await turns();
  const refused = at.start("one-too-many");
  await turns();
  assert.deepEqual([at.replied, refused.delivery.acks], [["unavailable/rejected"], 1]);
  at.mailbox[0]?.settle(OK);
  await turns();
  at.start("d1");
  assert.equal(at.mailbox.at(-1)?.id, "d1");
});

Deno.test("StreamReply asks no store: what it gave cannot be given again", async () => {
  const at = new Fixture({ store: new MemoryStore() });
  const { call } = at.start("c1", "again");
  fill(call, 1);
  call.settle(OK);
  await turns(6);
  assert.deepEqual(at.streamed, [1, "2 ok"]);
});

Deno.test("StreamReply whose service stops lets its end be stored, and no more", async () => {
  const at = new Fixture();
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
