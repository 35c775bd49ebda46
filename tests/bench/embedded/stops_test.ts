import assert from "node:assert/strict";
import { measureStops } from "../../../bench/embedded/stops.ts";

Deno.test("measureStops: each stop still fits the parts it measures, alone and packed", async () => {
  const rows = await measureStops(128, 1, 1);
  assert.equal(rows.length, 12);
  for (const { name, aloneUs, packedUs } of rows) {
    assert.ok(aloneUs.median > 0 && packedUs.median > 0, name);
  }
});
