import assert from "node:assert/strict";
import fc from "fast-check";
import { isPlain } from "../../../src/codec/plain.ts";
import { hasSpecial } from "../../helpers/json_special.ts";

Deno.test("isPlain accepts every JSON value but -0 and keys that mean something", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.equal(isPlain(value, false), !hasSpecial(value));
  }));
  assert.ok(isPlain({ a: undefined, b: Object.create(null) }, true));
});

Deno.test("isPlain refuses one value that is special, wherever it is", () => {
  // deno-lint-ignore no-sparse-arrays -- what is tested
  const hole = [, 1];
  const special = [
    1n,
    NaN,
    Infinity,
    -0,
    new Date(),
    new Map(),
    new Uint8Array(),
    () => {},
    Symbol("s"),
    hole,
  ];
  for (const value of special) {
    for (const around of [value, [value], { a: 1, b: value }, [[], { c: [value] }]]) {
      assert.ok(!isPlain(around, false), String(value));
    }
  }
  assert.ok(!isPlain([undefined], false));
  assert.ok(!isPlain(undefined, false));
  assert.ok(!isPlain(new (class extends Array {})(), false));
  assert.ok(!isPlain(Object.create(Array.prototype), false));
});

Deno.test("isPlain looks at halves of surrogate pairs where it is asked to", () => {
  for (const value of ["\ud800", ["a\udc00"], { "\ud800": 1 }]) {
    assert.ok(isPlain(value, false));
    assert.ok(!isPlain(value, true));
  }
  assert.ok(isPlain({ "𝄞": ["𝄞"] }, true));
});

Deno.test("isPlain stops at a depth, at a cycle, at a getter that throws, and after so many containers", () => {
  const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
  assert.ok(isPlain(nested(200), false));
  assert.ok(!isPlain(nested(201), false));
  const cycle: unknown[] = [];
  cycle.push(cycle, cycle);
  assert.ok(!isPlain(cycle, false));
  const throws = {
    get a(): never {
      throw new Error("no");
    },
  };
  assert.ok(!isPlain(throws, false));
  let doubled: unknown = 1;
  for (let level = 0; level < 100; level++) doubled = [doubled, doubled];
  assert.ok(!isPlain(doubled, false));
});
