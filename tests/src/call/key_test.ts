import assert from "node:assert/strict";
import fc from "fast-check";
import { checkKey } from "../../../src/call/key.ts";

Deno.test("checkKey() takes texts of 1 to 255 bytes in UTF-8, and refuses all others", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  fc.assert(fc.property(fc.oneof(text, text.map((part) => part.repeat(3))), (key) => {
    const bytes = new TextEncoder().encode(key).length;
    const good = bytes >= 1 && bytes <= 255 && key.isWellFormed();
    if (good) assert.equal(checkKey(key), key);
    else assert.throws(() => checkKey(key), TypeError);
  }));
});

Deno.test("checkKey() knows the bounds exactly", () => {
  for (const key of ["x".repeat(255), "ü".repeat(127), "字".repeat(85), "𝄞".repeat(63)]) {
    assert.equal(checkKey(key), key);
  }
  for (const key of ["x".repeat(256), "ü".repeat(128), "字".repeat(86), "𝄞".repeat(64)]) {
    assert.throws(() => checkKey(key), /at most 255 bytes/);
  }
});

Deno.test("checkKey() says what is wrong", () => {
  assert.throws(() => checkKey(""), /must be a text that is not empty: current value is ""/);
  assert.throws(() => checkKey(5), /current value is number/);
  assert.throws(() => checkKey(undefined), /current value is undefined/);
  assert.throws(() => checkKey("a\ud800"), /lone surrogate/);
});
