import assert from "node:assert/strict";
import { Writer } from "../../../src/bytes/writer.ts";

Deno.test("Writer writes big-endian numbers and grows", () => {
  const writer = new Writer(0);
  writer.u8(1);
  writer.u16(0x0203);
  writer.u32(-2);
  writer.i64(-1);
  writer.i64(2 ** 53 - 1);
  writer.raw(Uint8Array.of(7, 8));
  assert.deepEqual(
    [...writer.bytes()],
    [1, 2, 3, 255, 255, 255, 254, ...Array(8).fill(255), 0, 31, 255, 255, 255, 255, 255, 255, 7, 8],
  );
});

Deno.test("Writer refuses what is no 53-bit integer", () => {
  const writer = new Writer();
  for (const value of [2 ** 53, -(2 ** 53), 0.5, NaN]) assert.throws(() => writer.i64(value), RangeError);
  assert.equal(writer.length, 0);
});

Deno.test("Writer writes short and long text, ASCII or not, alike", () => {
  for (
    const text of [
      "",
      "topic",
      "größe",
      "日本",
      "a".repeat(100),
      "ä".repeat(100),
      "x".repeat(23) + "é",
      "\ud83d\ude00",
    ]
  ) {
    const writer = new Writer(1);
    const expected = new TextEncoder().encode(text);
    assert.equal(writer.utf8(text), expected.length);
    assert.deepEqual(writer.bytes(), expected);
  }
});

Deno.test("Writer patches only what was written", () => {
  const writer = new Writer();
  writer.u32(0);
  writer.u16(0);
  writer.patchU32(0, 0x01020304);
  writer.patchU16(4, 0x0506);
  assert.deepEqual([...writer.bytes()], [1, 2, 3, 4, 5, 6]);
  assert.throws(() => writer.patchU32(3, 1), RangeError);
  assert.throws(() => writer.patchU16(-1, 1), RangeError);
});

Deno.test("Writer truncates and writes on from there", () => {
  const writer = new Writer();
  writer.raw(Uint8Array.of(1, 2, 3));
  writer.truncate(1);
  writer.u8(9);
  assert.deepEqual([...writer.bytes()], [1, 9]);
  assert.throws(() => writer.truncate(3), RangeError);
});

Deno.test("Writer removes ranges in one pass", () => {
  const cases: [[number, number][], number[]][] = [
    [[], [0, 1, 2, 3, 4, 5]],
    [[[0, 2]], [2, 3, 4, 5]],
    [[[0, 1], [1, 3], [5, 6]], [3, 4]],
    [[[2, 4]], [0, 1, 4, 5]],
    [[[0, 6]], []],
  ];
  for (const [ranges, expected] of cases) {
    const writer = new Writer();
    writer.raw(Uint8Array.of(0, 1, 2, 3, 4, 5));
    writer.remove(ranges.map(([start, end]) => ({ start, end })));
    assert.deepEqual([...writer.bytes()], expected);
  }
  const writer = new Writer();
  writer.raw(Uint8Array.of(0, 1, 2));
  assert.throws(() => writer.remove([{ start: 1, end: 4 }]), RangeError);
});
