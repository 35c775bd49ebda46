import { gzipSync } from "node:zlib";
import assert from "node:assert/strict";
import fc from "fast-check";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { Encoding, Message as ProtoClass, MessageType } from "../../../../src/deps/rocketmq_proto.ts";
import { timestamp } from "../../../../src/transport/grpc/client/protocol.ts";
import { fromProto, type Target, toProto } from "../../../../src/transport/grpc/messages.ts";
import { PROPERTY, RESERVED } from "../../../../src/transport/grpc/names.ts";
import type { Message } from "../../../../src/transport/transport.ts";
import { textMessage } from "../../../helpers/grpc_stage.ts";

const NORMAL: Target = {
  topic: "T",
  namespace: undefined,
  messageId: "m-1",
  sentAtMs: 1_795_304_626_714,
  fifo: false,
  normal: true,
  own: [[PROPERTY.queue, "3"]],
};
const FIFO: Target = { ...NORMAL, fifo: true, normal: false };

const messages = fc.record({
  tag: fc.stringMatching(/^[A-Za-z0-9_]{0,20}$/),
  keys: fc.array(fc.stringMatching(/^[!-~]{1,40}$/), { maxLength: 5 }),
  headers: fc.dictionary(fc.stringMatching(/^h-[!-~]{1,40}$/), fc.stringMatching(/^[ -~]{1,200}$/), {
    maxKeys: 20,
  }),
  body: fc.uint8Array({ minLength: 1, maxLength: 500 }),
  messageGroup: fc.option(fc.stringMatching(/^[!-~]{1,63}$/), { nil: undefined }),
});

Deno.test("fromProto reads what toProto wrote, over the wire, on topics of either kind", () => {
  fc.assert(
    fc.property(messages, fc.constantFrom(NORMAL, FIFO), ({ headers, ...content }, target) => {
      const sent: Message = { topic: "T", ...content, headers: new Map(Object.entries(headers)) };
      const bytes = toProto(sent, target).message.serializeBinary();
      const { message, queue, starts } = fromProto(ProtoClass.deserializeBinary(bytes), "T");
      assert.deepEqual([queue, starts], [3, 0]);
      assert.deepEqual([message.tag, message.keys, message.messageGroup], [
        sent.tag,
        sent.keys,
        sent.messageGroup,
      ]);
      assert.deepEqual(new Uint8Array(message.body), new Uint8Array(sent.body));
      assert.deepEqual(
        new Map(message.headers),
        new Map(sent.headers),
        "the transport's own words are taken off",
      );
    }),
    { numRuns: 100 },
  );
});

Deno.test("toProto sends by itself what has an order to keep, and only that", () => {
  assert.equal(toProto(textMessage("T", "x"), NORMAL).alone, false);
  assert.equal(toProto(textMessage("T", "x", { messageGroup: "k" }), NORMAL).alone, false);
  const keyed = toProto(textMessage("T", "x", { messageGroup: "k" }), FIFO);
  const free = toProto(textMessage("T", "x"), FIFO);
  assert.deepEqual([keyed.alone, free.alone], [true, true]);
  const groups = [keyed, free].map(({ message }) => message.getSystemProperties()?.getMessageGroup());
  assert.deepEqual(groups, ["k", "~m-1"]);
  const types = [keyed, free].map(({ message }) => message.getSystemProperties()?.getMessageType());
  assert.deepEqual(types, [MessageType.FIFO, MessageType.FIFO]);
});

Deno.test("toProto copies the body, so that its sender may use it again", () => {
  const message = textMessage("T", "as sent");
  const { message: proto } = toProto(message, NORMAL);
  message.body.fill(0);
  assert.equal(new TextDecoder().decode(proto.getBody_asU8()), "as sent");
});

Deno.test("fromProto counts the time of what is delivered again from when it was sent, not from 1970", () => {
  const { message: proto } = toProto(textMessage("T", "x"), NORMAL);
  const system = proto.getSystemProperties();
  system?.setStoreTimestamp(timestamp(NORMAL.sentAtMs + 9_000)).setDeliveryAttempt(2);
  assert.equal(fromProto(proto, "T").storedAtMs, NORMAL.sentAtMs);
  system?.setDeliveryAttempt(1);
  assert.equal(fromProto(proto, "T").storedAtMs, NORMAL.sentAtMs + 9_000);
});

Deno.test("toProto leaves out what only RocketMQ may say", () => {
  const headers = new Map([...RESERVED].map((name) => [name, "x"]));
  const { message } = fromProto(toProto(textMessage("T", "x", { headers }), NORMAL).message, "T");
  assert.equal(message.headers.size, 0);
  assert.ok(RESERVED.has("KEYS") && RESERVED.has("DELAY") && RESERVED.size > 60);
});

Deno.test("toProto refuses what no proxy takes", () => {
  const faults: readonly Partial<Message>[] = [
    { body: new Uint8Array(0) },
    { body: new Uint8Array(5 * 1024 * 1024) },
    { headers: new Map([["h-a", "line\nbreak"]]) },
    { headers: new Map([["h-a", ""]]) },
    { headers: new Map([["", "x"]]) },
    { headers: new Map([["h-a", "x".repeat(17_000)]]) },
    { headers: new Map(Array.from({ length: 130 }, (_, index) => [`h-${index}`, "x"])) },
    { keys: ["k\u0001"] },
    { tag: "a\u0002" },
  ];
  for (const fault of faults) {
    assert.throws(() => toProto(textMessage("T", "x", fault), NORMAL), (error: unknown) => {
      return error instanceof RpcError && error.code === "invalid_argument" && error.outcome === "not_sent";
    });
  }
});

Deno.test("fromProto unpacks compressed bodies, marks those that it cannot, and bounds them", () => {
  const { message: proto } = toProto(textMessage("T", "x"), NORMAL);
  proto.getSystemProperties()?.setBodyEncoding(Encoding.GZIP);
  proto.setBody(new Uint8Array(gzipSync("packed")));
  assert.equal(new TextDecoder().decode(fromProto(proto, "T").message.body), "packed");
  for (const body of [Uint8Array.of(1, 2, 3), new Uint8Array(gzipSync(new Uint8Array(9 * 1024 * 1024)))]) {
    proto.setBody(body);
    const { message } = fromProto(proto, "T");
    assert.ok(message.damaged !== undefined && message.body.length === 1);
  }
});

Deno.test("fromProto takes the queue that a message is in where its sender named none", () => {
  const { message: proto } = toProto(textMessage("T", "x"), { ...NORMAL, own: [] });
  proto.getSystemProperties()?.setQueueId(5).setDeliveryAttempt(3);
  const { queue, starts } = fromProto(proto, "T");
  assert.deepEqual([queue, starts], [5, 2]);
});
