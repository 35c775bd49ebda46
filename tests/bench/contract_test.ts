import assert from "node:assert/strict";
import { bodyOf } from "../../bench/broker/contract.ts";

Deno.test("bodyOf() makes JSON of exactly so many bytes, no two alike", () => {
  const encoder = new TextEncoder();
  for (const sequence of [1, 99, 12_345_678]) {
    const text = JSON.stringify(bodyOf(sequence, 128));
    assert.equal(encoder.encode(text).length, 128);
    assert.match(text, new RegExp(`"seq":"${sequence}"`));
  }
});
