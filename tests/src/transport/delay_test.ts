import assert from "node:assert/strict";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { checkDelay } from "../../../src/transport/delay.ts";

Deno.test("checkDelay() rounds up to whole milliseconds, within what the transport can do", () => {
  assert.equal(checkDelay(undefined, 1_000), 0);
  assert.equal(checkDelay(0, 1_000), 0);
  assert.equal(checkDelay(0.2, 1_000), 1);
  assert.equal(checkDelay(1_000, 1_000), 1_000);
});

Deno.test("checkDelay() refuses what cannot be, and everything where nothing can be held back", () => {
  for (const delayMs of [-1, NaN, Infinity, 1_000.5, 1_001]) {
    assert.throws(() => checkDelay(delayMs, 1_000), refusedAs("invalid_argument"), String(delayMs));
  }
  assert.equal(checkDelay(undefined, false), 0);
  assert.equal(checkDelay(0, false), 0);
  assert.throws(() => checkDelay(1, false), refusedAs("unimplemented"));
});

function refusedAs(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RpcError && error.code === code && error.outcome === "not_sent";
}
