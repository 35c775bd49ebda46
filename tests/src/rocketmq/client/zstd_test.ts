import assert from "node:assert/strict";
import { compressZstd, decompressZstd } from "../../../../src/rocketmq/client/zstd.ts";

Deno.test("decompressZstd() gives what compressZstd() took, up to a limit", () => {
  const body = new Uint8Array(10_000).fill(7);
  const packed = compressZstd(body);
  assert.ok(packed.length < 100);
  assert.deepEqual(new Uint8Array(decompressZstd(packed, body.length)), body);
  assert.throws(() => decompressZstd(packed, body.length - 1), RangeError);
});

Deno.test("compressZstd() and decompressZstd() say what to do where the runtime has no zstd", () => {
  const advice = { name: "TypeError", message: /take Node 22\.15 or later/ };
  assert.throws(() => compressZstd(Uint8Array.of(1), {}), advice);
  assert.throws(() => decompressZstd(Uint8Array.of(1), 10, {}), advice);
});
