import assert from "node:assert/strict";
import { simulate } from "../../testing/simulate.ts";
import { playStreams, streamFaults } from "./streams.ts";

const SEEDS = Number(Deno.env.get("STREAM_SEEDS") ?? 60);

Deno.test("simulation: a stream has no gap and nothing twice, or ends with an error that is true, whatever goes wrong", async () => {
  const ends: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    await simulate({ seed, faults: streamFaults(seed), settleMs: seed % 2 === 0 ? 0 : 50 }, async (world) => {
      assert.deepEqual(await playStreams(world, seed, ends), []);
    });
  }
  assert.ok(ends.filter((how) => how === "ok").length > ends.length / 2, "most of them end well");
});
