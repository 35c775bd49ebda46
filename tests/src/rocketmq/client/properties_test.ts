import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeProperties, encodeProperties } from "../../../../src/rocketmq/client/properties.ts";

Deno.test("encodeProperties() joins names and values with U+0001 and U+0002", () => {
  assert.equal(encodeProperties([["KEYS", "a b"], ["TAGS", "t"]]), "KEYS\u0001a b\u0002TAGS\u0001t\u0002");
  assert.equal(encodeProperties([]), "");
  assert.equal(encodeProperties(new Map([["x", "ü"]])), "x\u0001ü\u0002");
});

Deno.test("encodeProperties() refuses separators in names and values", () => {
  for (const pair of [["a\u0001", "b"], ["a", "b\u0001"], ["a\u0002", "b"], ["a", "\u0002"]] as const) {
    assert.throws(() => encodeProperties([pair]), { name: "TypeError", message: /must not contain/ });
  }
});

Deno.test("decodeProperties() reads what servers tolerate, as they do", () => {
  const read = (text: string): [string, string][] => [...decodeProperties(text)];
  assert.deepEqual(read("a\u0001b"), [["a", "b"]]);
  assert.deepEqual(read("a\u0001b\u0002a\u0001c\u0002"), [["a", "c"]]);
  assert.deepEqual(read("a\u0001\u0002\u0001b\u0002c\u0001d\u0002"), [["c", "d"]]);
  assert.deepEqual(read("nothing\u0002a\u0001b\u0002"), [["a", "b"]]);
  assert.deepEqual(read("\u0002\u0002"), []);
  assert.deepEqual(read(""), []);
});

Deno.test("decodeProperties() reads back what encodeProperties() wrote", () => {
  const free = (value: string): boolean => !value.includes("\u0001") && !value.includes("\u0002");
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter(free);
  fc.assert(fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
    assert.deepEqual(decodeProperties(encodeProperties(pairs)), new Map(pairs));
  }));
});
