import assert from "node:assert/strict";
import { Calls, callsRowOf, type Window } from "../../../bench/embedded/calls.ts";
import { EMBEDDED_PEERS } from "../../../bench/embedded/peers.ts";

for (const [name, peer] of Object.entries(EMBEDDED_PEERS)) {
  Deno.test(`Calls: a window of ${name} counts calls, their time and the processor's`, async () => {
    await using calls = await Calls.start(peer, 128);
    const { callsPerSecond, cpuUs, p50Us, p99Us, p999Us } = await calls.measure(4, 0.05);
    assert.ok(callsPerSecond > 0 && cpuUs > 0 && p50Us > 0);
    assert.ok(p99Us >= p50Us && p999Us >= p99Us);
  });
}

Deno.test("callsRowOf() gives medians with least and greatest", () => {
  const window = (callsPerSecond: number): Window => {
    return { callsPerSecond, cpuUs: 10, p50Us: 20, p99Us: 30, p999Us: 40 };
  };
  const row = callsRowOf("ours", 64, [window(100), window(300), window(200)]);
  assert.deepEqual([row.peer, row.inFlight], ["ours", 64]);
  assert.deepEqual(row.callsPerSecond, { median: 200, min: 100, max: 300 });
  assert.equal(row.p999Us.median, 40);
});
