import assert from "node:assert/strict";
import { describe, isPlainObject } from "../../../src/codec/describe.ts";

Deno.test("describe names kinds, never values", () => {
  const kinds: readonly (readonly [value: unknown, kind: string])[] = [
    [null, "null"],
    [undefined, "undefined"],
    ["secret", "a string"],
    [42, "a number"],
    [42n, "a bigint"],
    [Symbol("secret"), "a symbol"],
    [() => {}, "a function"],
    [["secret"], "an array"],
    [{ secret: 1 }, "an object"],
    [Object.create(null), "an object"],
    [new Date(), "an instance of Date"],
    [new (class Account {})(), "an instance of Account"],
    [new (class {})(), "an instance of a class"],
    [Object.create({ constructor: "no function" }), "an instance of a class"],
  ];
  for (const [value, kind] of kinds) assert.equal(describe(value), kind);
});

Deno.test("isPlainObject tells objects from instances", () => {
  assert.ok(isPlainObject({}));
  assert.ok(isPlainObject(Object.create(null)));
  for (const other of [[], new Map(), Object.create({}), new (class {})()]) assert.ok(!isPlainObject(other));
});
