import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8 } from "../../../src/bytes/utf8.ts";

const anyText = fc.string({ unit: "binary", maxLength: 2_000 });

Deno.test("encodeUtf8() and decodeUtf8() agree with the platform, for any text", () => {
  fc.assert(fc.property(anyText, (text) => {
    const bytes = encodeUtf8(text);
    assert.deepEqual([...bytes], [...new TextEncoder().encode(text)]);
    assert.equal(decodeUtf8(bytes), text.toWellFormed());
  }));
});

Deno.test("encodeUtf8() never writes over a text that it gave out before", () => {
  const texts = Array.from({ length: 2_000 }, (_, index) => `text ${index} é`.repeat(index % 20));
  const encoded = texts.map(encodeUtf8);
  assert.deepEqual(encoded.map(decodeUtf8), texts);
});

Deno.test("encodeUtf8() gives a long text memory of its own", () => {
  const bytes = encodeUtf8("x".repeat(5_000));
  assert.equal(bytes.buffer.byteLength, 5_000);
});

Deno.test("decodeUtf8() refuses what is no UTF-8, and keeps U+FFFD and the byte order mark that are in it", () => {
  for (const broken of [[0xff], [0x41, 0xc3], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    assert.throws(() => decodeUtf8(Uint8Array.from(broken)), TypeError, String(broken));
  }
  assert.equal(decodeUtf8(new TextEncoder().encode("a\ufffdb")), "a\ufffdb");
  assert.equal(decodeUtf8(new TextEncoder().encode("\ufeffa")), "\ufeffa");
  assert.equal(decodeUtf8(new Uint8Array()), "");
});

Deno.test("decodeUtf8() reads a view at its own place", () => {
  const around = new TextEncoder().encode("abcdef");
  assert.equal(decodeUtf8(around.subarray(2, 4)), "cd");
});
