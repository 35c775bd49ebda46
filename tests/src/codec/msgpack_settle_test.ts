import assert from "node:assert/strict";
import { msgpack } from "../../../src/codec/msgpack.ts";
import { readMsgpack } from "../../../src/codec/msgpack_settle.ts";

/** Levels of arrays, objects and Maps by turns, whose contents are extensions within each other. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) {
    value = level % 3 === 0 ? [value] : level % 3 === 1 ? { in: value } : new Map([["in", value]]);
  }
  return value;
}

Deno.test("readMsgpack counts levels through extensions", () => {
  const bytes = msgpack.encode(nested(200));
  assert.deepStrictEqual(readMsgpack(bytes), nested(200));
  const tooDeep = /values lie at most 200 levels deep/;
  assert.throws(() => readMsgpack(Uint8Array.of(0x91, ...bytes)), tooDeep);
  assert.throws(() => readMsgpack(Uint8Array.of(0x81, 0xa1, 0x61, ...bytes)), tooDeep);
  assert.throws(() => readMsgpack(bytes, 1), tooDeep);
});

Deno.test("readMsgpack makes right what stands beside and within what is right already", () => {
  const value = {
    plain: [1, "a", null, { b: true }],
    mixed: new Map<unknown, unknown>([[[1n, new Uint8Array(2)], { at: new Date(5), wide: 2 ** 40 }]]),
    wide: [2 ** 40, 2n ** 60n, new Set([2n ** 60n])],
  };
  assert.deepStrictEqual(readMsgpack(msgpack.encode(value)), value);
});
