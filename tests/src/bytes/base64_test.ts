import assert from "node:assert/strict";
import fc from "fast-check";
import { fromBase64, fromBase64ByBuffer, toBase64, toBase64ByBuffer } from "../../../src/bytes/base64.ts";

Deno.test("toBase64() and toBase64ByBuffer() write the same, which both readers read", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5), (bytes, from) => {
    const part = bytes.subarray(from);
    const text = toBase64(part);
    assert.equal(toBase64ByBuffer(part), text);
    assert.deepEqual(fromBase64(text), part.slice());
    assert.deepEqual(fromBase64ByBuffer(text), part.slice());
  }));
});

Deno.test("fromBase64() and fromBase64ByBuffer() refuse the same texts", () => {
  const alphabet = fc.constantFrom(..."AQIBz9+/=-_ \n\u00a0é");
  const texts = fc.oneof(fc.string(), fc.string({ unit: alphabet, maxLength: 9 }), fc.base64String());
  fc.assert(
    fc.property(texts, (text) => {
      assert.deepEqual(outcome(() => fromBase64ByBuffer(text)), outcome(() => fromBase64(text)));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("fromBase64ByBuffer() wants padding, no bits left over, and no memory of others", () => {
  for (const text of ["AQI", "AR==", "A", "AQ==AQ==", "-_-_", "AQI=x"]) {
    assert.throws(() => fromBase64ByBuffer(text), SyntaxError, text);
  }
  assert.deepEqual(fromBase64ByBuffer("A Q\nI="), Uint8Array.of(1, 2));
  assert.equal(fromBase64ByBuffer("AQI=").buffer.byteLength, 2);
});

function outcome(read: () => Uint8Array): Uint8Array | "refused" {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return "refused";
  }
}
