import assert from "node:assert/strict";
import { decodeMessages, encodeProperties, type StoredMessage } from "../../../../src/rocketmq/mod.ts";
import {
  replyProperties,
  requestProperties,
  toDirectMessage,
  toMessage,
  toProperties,
} from "../../../../src/transport/remoting/messages.ts";
import { storedRecord } from "../../rocketmq/client/stored_record.ts";

const body = new TextEncoder().encode("hello");

function stored(
  properties: readonly (readonly [string, string])[],
  parts: { checksum?: number } = {},
): StoredMessage {
  const [message] = decodeMessages(
    storedRecord({ topic: "T", body, properties: encodeProperties(properties), ...parts }),
  );
  assert.ok(message !== undefined);
  return message;
}

Deno.test("toMessage() gives tag, keys, headers and body", () => {
  const message = toMessage(stored([["TAGS", "quote"], ["KEYS", "a b"], ["rpc-v", "1"]]));
  assert.equal(message.tag, "quote");
  assert.deepEqual(message.keys, ["a", "b"]);
  assert.equal(message.headers.get("rpc-v"), "1");
  assert.deepEqual(message.body, body);
  assert.equal(message.plain, undefined);
  assert.equal(message.damaged, undefined);
});

Deno.test("toMessage() of a damaged body says so instead of throwing, so that its queue goes on", () => {
  const message = toMessage(stored([["TAGS", "quote"]], { checksum: 1 }));
  assert.match(message.damaged ?? "", /checksum/);
  assert.equal(message.body.length, 1);
});

Deno.test("toMessage() knows a plain request, and reads a TTL of Java in milliseconds and of Go in seconds", () => {
  const request = (ttl: string) =>
    toMessage(stored([["CORRELATION_ID", "c1"], ["REPLY_TO_CLIENT", "10.0.0.1@7"], ["TTL", ttl]])).plain;
  assert.deepEqual(request("3000"), { correlationId: "c1", ttlMs: 3_000, replyTo: "push:10.0.0.1@7" });
  assert.equal(request("3")?.ttlMs, 3_000);
  assert.equal(request("nonsense")?.ttlMs, 0);
  assert.equal(toMessage(stored([["CORRELATION_ID", "c1"]])).plain, undefined);
});

Deno.test("toProperties() never copies what means something to RocketMQ", () => {
  const headers = new Map([["rpc-id", "1"], ["DELAY", "3"], ["UNIQ_KEY", "u"], ["TRAN_MSG", "true"], [
    "MSG_TYPE",
    "reply",
  ]]);
  const properties = toProperties({ tag: "t", keys: ["k1", "k2"], headers, body });
  assert.deepEqual(properties, [["KEYS", "k1 k2"], ["TAGS", "t"], ["rpc-id", "1"]]);
});

Deno.test("toProperties() never copies what a broker notes on a message that it held back", () => {
  const noted = [
    "TIMER_OUT_MS",
    "TIMER_ENQUEUE_MS",
    "TIMER_DEQUEUE_MS",
    "TIMER_DELAY_MS",
    "TIMER_DELIVER_MS",
  ];
  const headers = new Map(
    [...noted, "TIMER_ROLL_TIMES", "REAL_TOPIC", "REAL_QID"].map((name) => [name, "1"]),
  );
  assert.deepEqual(toProperties({ tag: "", keys: [], headers, body }), []);
});

Deno.test("toProperties() and toMessage() carry the message group as RocketMQ's sharding key", () => {
  const properties = toProperties({ tag: "", keys: [], headers: new Map(), body, messageGroup: "acc-1" });
  assert.deepEqual(properties, [["__SHARDINGKEY", "acc-1"]]);
  assert.equal(toMessage(stored(properties)).messageGroup, "acc-1");
  assert.equal(toMessage(stored([])).messageGroup, undefined);
});

Deno.test("toProperties() refuses a header that a broker would leave out", () => {
  for (const [name, value] of [["", "1"], ["a", ""]] as const) {
    const message = { tag: "", keys: [], headers: new Map([[name, value]]), body };
    assert.throws(() => toProperties(message), { name: "TypeError", message: /must not be empty/ });
  }
});

Deno.test("toMessage() of what a stranger wrote can always be passed on", () => {
  // A stranger's client may write what ours refuses to.
  const properties = "a\u0001b\u0001c\u0002KEYS\u0001 k1  k2 \u0002";
  const [received] = decodeMessages(storedRecord({ topic: "T", body, properties }));
  assert.ok(received !== undefined);
  const message = toMessage(received);
  assert.deepEqual([message.headers.get("a"), message.keys], ["b\ufffdc", ["k1", "k2"]]);
  assert.equal(encodeProperties(toProperties(message)), "KEYS\u0001k1 k2\u0002a\u0001b\ufffdc\u0002");
});

Deno.test("requestProperties() and replyProperties() are what RocketMQ's own request-reply writes", () => {
  const plain = { correlationId: "c1", ttlMs: 2_999.5 };
  assert.deepEqual(requestProperties(plain, "me"), [
    ["CORRELATION_ID", "c1"],
    ["REPLY_TO_CLIENT", "me"],
    ["TTL", "3000"],
  ]);
  assert.deepEqual(replyProperties({ clientId: "you" }, plain), [
    ["MSG_TYPE", "reply"],
    ["REPLY_TO_CLIENT", "you"],
    ["CORRELATION_ID", "c1"],
    ["TTL", "3000"],
  ]);
  assert.deepEqual(replyProperties({ clientId: "you" }, undefined), [["MSG_TYPE", "reply"], [
    "REPLY_TO_CLIENT",
    "you",
  ]]);
});

Deno.test("toDirectMessage() tells a plain reply by its correlation id", () => {
  const plain = toDirectMessage(encodeProperties([["CORRELATION_ID", "c1"]]), body);
  assert.equal(plain.plain?.correlationId, "c1");
  assert.equal(toDirectMessage(encodeProperties([["rpc-id", "1"]]), body).plain, undefined);
});
