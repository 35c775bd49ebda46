import assert from "node:assert/strict";
import type { Result } from "../../../src/call/inbound.ts";
import { readDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { turns } from "../../helpers/settled.ts";
import { CREDIT, fill, sinkOf, StreamReplyFixture, Streams } from "../../helpers/stream_reply_fixture.ts";

const OK: Result = { ok: true, output: undefined };

Deno.test("StreamReply sends items in order, one message at a time, and settles the request with the first", async () => {
  const at = new StreamReplyFixture();
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
  const at = new StreamReplyFixture();
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

Deno.test("StreamReply ends behind its items: as its handler answered, or crashed, without a dead letter", async () => {
  const declared = { contract: Streams.name, error: "Short" };
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
    const at = new StreamReplyFixture();
    const { call, delivery } = at.start("c1");
    fill(call, 2);
    call.settle(result);
    await turns();
    assert.deepEqual([at.streamed, delivery.acks, at.deadLetters], [[1, 2, end], 1, []]);
  }
});

Deno.test("StreamReply that made no item is answered like any call", async () => {
  const at = new StreamReplyFixture();
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
    const at = new StreamReplyFixture();
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
  const at = new StreamReplyFixture();
  const { call } = at.start("c1", "endless");
  const pushed = Promise.resolve(sinkOf(call).push("a")).catch((error) => RpcError.from(error).code);
  at.clock.advance(6_000);
  assert.equal(await pushed, "internal");
});

Deno.test("StreamReply is refused where its method is none, and the other way round", async () => {
  const at = new StreamReplyFixture();
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
  const at = new StreamReplyFixture();
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
  const at = new StreamReplyFixture({ store: new MemoryStore() });
  const { call } = at.start("c1", "again");
  fill(call, 1);
  call.settle(OK);
  await turns(6);
  assert.deepEqual(at.streamed, [1, "2 ok"]);
});
