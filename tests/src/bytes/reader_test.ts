import assert from "node:assert/strict";
import fc from "fast-check";
import { Reader } from "../../../src/bytes/reader.ts";
import { Writer } from "../../../src/bytes/writer.ts";

Deno.test("Reader reads big-endian numbers in order", () => {
  const reader = new Reader(
    Uint8Array.of(0xff, 0xff, 0xfe, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfd, 0xff, 0xff, 0xff, 0xfd),
  );
  assert.equal(reader.u8(), 255);
  assert.equal(reader.i16(), -2);
  assert.equal(reader.u16(), 65_534);
  assert.equal(reader.i32(), -3);
  assert.equal(reader.u32(), 4_294_967_293);
  assert.equal(reader.remaining, 0);
});

Deno.test("Reader refuses every read beyond the end and stays where it was", () => {
  const reads: ((reader: Reader) => unknown)[] = [
    (reader) => reader.u8(),
    (reader) => reader.i16(),
    (reader) => reader.u16(),
    (reader) => reader.i32(),
    (reader) => reader.u32(),
    (reader) => reader.i64(),
    (reader) => reader.bytes(1),
    (reader) => reader.utf8(1),
  ];
  for (const read of reads) {
    const reader = new Reader(new Uint8Array(3));
    reader.seek(3);
    assert.throws(() => read(reader), RangeError);
    assert.equal(reader.position, 3);
  }
});

Deno.test("Reader refuses lengths that are negative or no number", () => {
  const reader = new Reader(new Uint8Array(8));
  assert.throws(() => reader.bytes(-1), RangeError);
  assert.throws(() => reader.utf8(NaN), RangeError);
  assert.throws(() => reader.bytes(0xffff_ffff), RangeError);
  assert.throws(() => reader.seek(9), RangeError);
  assert.equal(reader.position, 0);
});

Deno.test("Reader reads 64-bit numbers up to 53 bits and refuses the rest", () => {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (const value of [0n, -1n, 1n, 2n ** 53n - 1n, -(2n ** 53n) + 1n, 4_294_967_296n, -4_294_967_297n]) {
    view.setBigInt64(0, value);
    assert.equal(new Reader(bytes).i64(), Number(value));
  }
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
    view.setBigInt64(0, value);
    const reader = new Reader(bytes);
    assert.throws(() => reader.i64(), { name: "RangeError", message: new RegExp(String(value)) });
    assert.equal(reader.position, 0);
  }
});

Deno.test("Reader gives bytes as a view of its input", () => {
  const input = Uint8Array.of(1, 2, 3, 4);
  const reader = new Reader(input.subarray(1));
  const view = reader.bytes(2);
  input[1] = 9;
  assert.deepEqual([...view], [9, 3]);
});

Deno.test("Reader reads back what Writer wrote", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.maxSafeInteger(), fc.integer(), (text, long, int) => {
      const writer = new Writer(1);
      const length = writer.utf8(text);
      writer.i64(long);
      writer.u32(int);
      const reader = new Reader(writer.bytes());
      assert.equal(reader.utf8(length), text.toWellFormed());
      assert.equal(reader.i64(), long);
      assert.equal(reader.i32(), int);
      assert.equal(reader.remaining, 0);
    }),
  );
});

Deno.test("Reader replaces malformed UTF-8", () => {
  assert.equal(new Reader(Uint8Array.of(0x61, 0xff)).utf8(2), "a\ufffd");
});
