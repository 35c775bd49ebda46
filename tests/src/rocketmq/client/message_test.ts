import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { decodeMessages } from "../../../../src/rocketmq/client/message.ts";
import { storedRecord } from "./stored_record.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

Deno.test("decodeMessages() reads every field of a record", () => {
  const [message] = decodeMessages(storedRecord({ properties: "KEYS\u0001k1\u0002TAGS\u0001t\u0002" }));
  assert.ok(message !== undefined);
  const { topic, queueId, queueOffset, commitLogOffset, bornAtMs, storedAtMs, storeHost, sysFlag, flag } =
    message;
  assert.deepEqual(
    { topic, queueId, queueOffset, commitLogOffset, bornAtMs, storedAtMs, storeHost, sysFlag, flag },
    {
      topic: "T",
      queueId: 3,
      queueOffset: 5,
      commitLogOffset: 0x1234,
      bornAtMs: 1_700_000_000_001,
      storedAtMs: 1_700_000_000_002,
      storeHost: "127.0.0.1:10911",
      sysFlag: 0,
      flag: 77,
    },
  );
  assert.equal(message.reconsumeTimes, 2);
  assert.deepEqual([...message.properties], [["KEYS", "k1"], ["TAGS", "t"]]);
  assert.equal(decode(message.body), "hello");
  assert.equal(message.body, message.body);
});

Deno.test("decodeMessages() reads records of both versions and IPv6 hosts, one after the other", () => {
  const long = "t".repeat(200);
  const messages = decodeMessages(join(
    storedRecord(),
    storedRecord({ version: 2, topic: long, sysFlag: 16 }),
    storedRecord({ sysFlag: 32 }),
    storedRecord({ sysFlag: 48, queueOffset: 9 }),
  ));
  assert.deepEqual(messages.map(({ topic }) => topic), ["T", long, "T", "T"]);
  assert.deepEqual(messages.map(({ storeHost }) => storeHost), [
    "127.0.0.1:10911",
    "127.0.0.1:10911",
    "[2001:0:0:0:0:0:0:1]:10911",
    "[2001:0:0:0:0:0:0:1]:10911",
  ]);
  assert.deepEqual(messages.map(({ queueOffset }) => queueOffset), [5, 5, 5, 9]);
  assert.deepEqual(messages.map(({ body }) => decode(body)), Array(4).fill("hello"));
  assert.deepEqual(decodeMessages(new Uint8Array(0)), []);
});

Deno.test("decodeMessages() adds the answer's offset delta", () => {
  assert.equal(decodeMessages(storedRecord(), { offsetDelta: 100 })[0]?.queueOffset, 105);
});

Deno.test("StoredMessage.messageId is the producer's id, else the offset message id", () => {
  const [own, broker] = decodeMessages(
    join(storedRecord({ properties: "UNIQ_KEY\u0001abc\u0002" }), storedRecord()),
  );
  assert.equal(own?.messageId, "abc");
  assert.equal(broker?.messageId, "7F00000100002A9F0000000000001234");
  assert.equal(own?.offsetMessageId, broker?.messageId);
});

Deno.test("StoredMessage.body decompresses ZLIB, with and without its type", () => {
  const text = "abc".repeat(10_000);
  const body = deflateSync(encode(text));
  for (const sysFlag of [1, 0x301]) {
    assert.equal(decode(decodeMessages(storedRecord({ body, sysFlag }))[0]?.body ?? body), text);
  }
});

Deno.test("StoredMessage.body refuses to grow beyond its bound", () => {
  const body = deflateSync(new Uint8Array(1_000_000));
  const [message] = decodeMessages(storedRecord({ body, sysFlag: 1 }), { maxBodyBytes: 999_999 });
  assert.throws(() => message?.body, { name: "RangeError", message: /Cannot decompress the body/ });
  assert.equal(decodeMessages(storedRecord({ body, sysFlag: 1 }))[0]?.body.length, 1_000_000);
});

Deno.test("StoredMessage.body throws for what it cannot read, and its neighbours do not", () => {
  const [unknown, lz4, zstd, broken, damaged, good] = decodeMessages(join(
    storedRecord({ sysFlag: 0x701 }),
    storedRecord({ sysFlag: 0x101 }),
    storedRecord({ sysFlag: 0x201 }),
    storedRecord({ sysFlag: 1 }),
    storedRecord({ checksum: 1 }),
    storedRecord(),
  ));
  assert.throws(() => unknown?.body, { name: "TypeError", message: /type 7 is not supported; let/ });
  for (const message of [lz4, zstd]) {
    assert.throws(() => message?.body, { name: "TypeError", message: /Cannot decompress/ });
  }
  assert.throws(() => broken?.body, { name: "TypeError", message: /Cannot decompress/ });
  assert.throws(() => damaged?.body, { name: "TypeError", message: /checksum/ });
  assert.throws(() => damaged?.body, TypeError);
  assert.equal(decode(good?.body ?? new Uint8Array(0)), "hello");
});

Deno.test("decodeMessages() refuses what is no record", () => {
  const record = storedRecord();
  for (let length = 1; length < record.length; length++) {
    assert.throws(() => decodeMessages(record.subarray(0, length)), RangeError, String(length));
  }
  const padding = record.slice();
  padding.set([0xcb, 0xd4, 0x31, 0x94], 4);
  assert.throws(() => decodeMessages(padding), { name: "TypeError", message: /unknown version cbd43194/ });
  const short = record.slice();
  short.set([0, 0, 0, 90], 0);
  assert.throws(() => decodeMessages(short), RangeError);
});
