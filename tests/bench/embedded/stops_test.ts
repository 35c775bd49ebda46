import assert from "node:assert/strict";
import { measureStops } from "../../../bench/embedded/stops.ts";

Deno.test("measureStops: each stop still fits the parts it measures, alone and packed", async () => {
  const { embedded, remoting, stages } = await measureStops(128, 1, 1);
  assert.deepEqual([embedded.length, remoting.length, stages.length], [12, 4, 3]);
  const costs = new Map([...embedded, ...remoting].map((row) => [row.name, row]));
  for (const { name, aloneUs, packedUs } of costs.values()) {
    assert.ok(aloneUs.median > 0 && packedUs.median > 0, name);
  }
  const caller = ["pushed reply: frame, headers", "reply listener, output decoded, promise settled"];
  const sum = caller.reduce((sum, name) => sum + (costs.get(name)?.packedUs.median ?? NaN), 0);
  assert.equal(stages.find(({ name }) => name === "reply to caller")?.packedUs.median, sum);
});
