import assert from "node:assert/strict";
import { Calls } from "../../../bench/embedded/calls.ts";

Deno.test("Calls: a window counts calls, their time and the processor's", async () => {
  await using calls = await Calls.start(128);
  const { callsPerSecond, cpuUs, p50Us } = await calls.measure(4, 0.05);
  assert.ok(callsPerSecond > 0 && cpuUs > 0 && p50Us > 0);
});
