import assert from "node:assert/strict";
import { Durations, median, percentile, percentiles } from "../../bench/broker/percentiles.ts";

Deno.test("percentile() takes the nearest rank", () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(percentile(values, 0.50), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile(values, 1), 100);
  assert.equal(percentile([7], 0.50), 7);
  assert.equal(percentile([7, 9], 0.50), 7);
  assert.equal(percentile([], 0.50), 0);
});

Deno.test("median() is the middle, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([10, 9]), 9.5);
  assert(Number.isNaN(median([])));
});

Deno.test("Durations keeps all values beyond its first size, and sorts them as numbers", () => {
  const durations = new Durations();
  for (let value = 10_000; value > 0; value--) durations.add(value);
  const sorted = durations.sorted();
  assert.equal(durations.count, 10_000);
  assert.equal(sorted.length, 10_000);
  assert.equal(sorted[0], 1);
  assert.equal(sorted[9_999], 10_000);
});

Deno.test("percentiles() shows the middle and both tails", () => {
  const durations = new Durations();
  for (let value = 1; value <= 1_000; value++) durations.add(value);
  assert.deepEqual(percentiles(durations), { p50Ms: 500, p99Ms: 990, p999Ms: 999 });
});
