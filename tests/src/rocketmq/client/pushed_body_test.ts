import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { COMPRESSED_FLAG, plainBody } from "../../../../src/rocketmq/client/message_body.ts";
import { pushedBody } from "../../../../src/rocketmq/client/pushed_body.ts";

const text = new TextEncoder().encode(JSON.stringify({ text: "ü".repeat(4_000) }));
const zlib = Uint8Array.from(deflateSync(text));
const ZLIB_TYPE = 0x300;

Deno.test("pushedBody decompresses what is compressed", () => {
  assert.deepEqual(pushedBody(text, 0), text);
  assert.deepEqual(pushedBody(zlib, COMPRESSED_FLAG), text);
  assert.deepEqual(pushedBody(zlib, COMPRESSED_FLAG | ZLIB_TYPE), text);
});

Deno.test("pushedBody returns what Go's client marks as compressed and sends as it is; plainBody does not", () => {
  assert.deepEqual(pushedBody(text, COMPRESSED_FLAG), text);
  assert.throws(() => plainBody(text, COMPRESSED_FLAG), TypeError);
});

Deno.test("pushedBody refuses what is marked with a type and is no such stream, and what grows too large", () => {
  assert.throws(() => pushedBody(text, COMPRESSED_FLAG | ZLIB_TYPE), TypeError);
  assert.throws(() => pushedBody(zlib, COMPRESSED_FLAG, 100), RangeError);
  assert.throws(() => pushedBody(zlib.subarray(0, 10), COMPRESSED_FLAG), TypeError);
});
