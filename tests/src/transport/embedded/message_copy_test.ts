import assert from "node:assert/strict";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { MESSAGE_OVERHEAD_BYTES } from "../../../../src/transport/embedded/defaults.ts";
import { giveContent, giveMessage, takeMessage } from "../../../../src/transport/embedded/message_copy.ts";
import type { Message } from "../../../../src/transport/transport.ts";

function messageWith(changes: Partial<Message> = {}): Message {
  return {
    topic: "t",
    tag: "run",
    keys: ["k"],
    headers: new Map([["a", "1"]]),
    body: Uint8Array.of(1),
    ...changes,
  };
}

Deno.test("takeMessage() and giveMessage() share nothing with what they copy", () => {
  const message = messageWith({ messageGroup: "g", plain: { correlationId: "c", ttlMs: 5 } });
  const { message: kept } = takeMessage(message, "t");
  const given = [giveMessage(kept), giveMessage(kept)];
  for (const copy of given) {
    assert.deepEqual(copy, { ...message, damaged: undefined });
    assert.notEqual(copy.body.buffer, message.body.buffer);
    assert.notEqual(copy.body.buffer, kept.body.buffer);
    assert.notEqual(copy.keys, kept.keys);
    assert.notEqual(copy.plain, kept.plain);
  }
  assert.notEqual(given[0]?.headers, given[1]?.headers);
  const { headers, body, plain } = giveContent(kept);
  assert.deepEqual([headers, body, plain], [message.headers, message.body, message.plain]);
  assert.notEqual(body.buffer, kept.body.buffer);
});

Deno.test("takeMessage() copies no more than the part of a buffer that is the body", () => {
  const { message: kept } = takeMessage(messageWith({ body: new Uint8Array(10_000).subarray(4, 6) }), "t");
  assert.equal(kept.body.buffer.byteLength, 2);
});

Deno.test("takeMessage() counts everything that is kept", () => {
  const { bytes } = takeMessage(messageWith({ body: new Uint8Array(100), keys: ["12345", "6"] }), "t");
  assert.equal(bytes, MESSAGE_OVERHEAD_BYTES + 100 + "run".length + "12345 6 ".length + "a=1;".length);
});

Deno.test("takeMessage() takes a key with blanks for several, as RocketMQ does", () => {
  assert.deepEqual(takeMessage(messageWith({ keys: ["a b", " c", "d"] }), "t").message.keys, [
    "a",
    "b",
    "c",
    "d",
  ]);
});

Deno.test("takeMessage() refuses what RocketMQ would refuse, or change on the way", () => {
  const faults: readonly Partial<Message>[] = [
    { body: new Uint8Array(0) },
    { body: new Uint8Array(3 * 1024 * 1024 + 1) },
    { tag: "a\u0001" },
    { keys: ["a\u0002"] },
    { messageGroup: "\u0001" },
    { headers: new Map([["", "1"]]) },
    { headers: new Map([["a", ""]]) },
    { headers: new Map([["a\u0002", "1"]]) },
    { headers: new Map([["a", "\u0001"]]) },
    { headers: new Map([["a", "x".repeat(32_767)]]) },
    { keys: ["x".repeat(32_767)] },
  ];
  for (const fault of faults) {
    assert.throws(
      () => takeMessage(messageWith(fault), "t"),
      (error) =>
        error instanceof RpcError && error.code === "invalid_argument" && error.outcome === "not_sent",
      Object.keys(fault)[0],
    );
  }
});
