import assert from "node:assert/strict";
import { crc32 as reference } from "node:zlib";
import fc from "fast-check";
import { crc32 } from "../../../src/bytes/crc32.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("crc32() gives the check value of CRC-32/ISO-HDLC", () => {
  assert.equal(crc32(encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array(0)), 0);
  assert.equal(crc32(encode("hello")) & 0x7fffffff, 907_060_870);
});

Deno.test("crc32() agrees with zlib for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(crc32(bytes), reference(bytes))),
  );
});
