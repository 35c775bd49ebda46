import assert from "node:assert/strict";
import { travelling } from "../../../src/envelope/body.ts";

Deno.test("travelling puts one byte in the place of no body, because brokers refuse empty ones", () => {
  assert.equal(travelling(undefined).length, 1);
  assert.equal(travelling(new Uint8Array()).length, 1);
  const body = Uint8Array.of(1, 2);
  assert.equal(travelling(body), body);
});
