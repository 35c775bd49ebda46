import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeChain, encodeChain } from "../../../src/envelope/chain.ts";

Deno.test("decodeChain() reads what encodeChain() wrote, whatever stands in keys", () => {
  const address = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) =>
    text.isWellFormed()
  );
  fc.assert(fc.property(fc.array(address, { maxLength: 32 }), (chain) => {
    const value = encodeChain(chain);
    assert.match(value, /^[\x20-\x7e]*$/);
    assert.deepEqual(decodeChain(value), chain);
  }));
});

Deno.test("encodeChain() keeps plain addresses readable", () => {
  assert.equal(
    encodeChain(["bank.Payments/transfer", "bank.Account@a b%ü"]),
    "bank.Payments/transfer bank.Account@a%20b%25%C3%BC",
  );
});

Deno.test("decodeChain() finds no calls where there is nothing, and never throws", () => {
  assert.deepEqual([decodeChain(undefined), decodeChain("")], [[], []]);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => void decodeChain(value)));
});
