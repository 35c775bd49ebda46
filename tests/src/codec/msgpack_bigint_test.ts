import assert from "node:assert/strict";
import fc from "fast-check";
import { fromTwosComplement, toTwosComplement } from "../../../src/codec/msgpack_bigint.ts";

Deno.test("toTwosComplement writes as few bytes as Java's BigInteger does", () => {
  const values: readonly (readonly [value: bigint, bytes: readonly number[]])[] = [
    [0n, [0]],
    [1n, [1]],
    [-1n, [0xff]],
    [127n, [0x7f]],
    [128n, [0, 0x80]],
    [-128n, [0x80]],
    [-129n, [0xff, 0x7f]],
    [255n, [0, 0xff]],
    [256n, [1, 0]],
    [-256n, [0xff, 0]],
    [32_767n, [0x7f, 0xff]],
    [32_768n, [0, 0x80, 0]],
    [-32_768n, [0x80, 0]],
  ];
  for (const [value, bytes] of values) assert.deepStrictEqual([...toTwosComplement(value)], bytes);
});

Deno.test("fromTwosComplement reads what toTwosComplement wrote, and longer forms", () => {
  fc.assert(fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), (value) => {
    assert.equal(fromTwosComplement(toTwosComplement(value)), value);
  }));
  assert.equal(fromTwosComplement(Uint8Array.of(0, 0, 5)), 5n);
  assert.equal(fromTwosComplement(Uint8Array.of(0xff, 0xff, 0xfb)), -5n);
});
