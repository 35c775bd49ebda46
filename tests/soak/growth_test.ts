import assert from "node:assert/strict";
import { grown, LIMITS, type Sample, tableOf } from "./growth.ts";
import { soak } from "./run.ts";

function samples(change: (index: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 12 }, (_, index) => ({
    seconds: index,
    calls: index * 100,
    heap: 30_000_000,
    timers: 3,
    files: 20,
    listeners: 0,
    lagMs: 50,
    loopMs: 10,
    ...change(index),
  }));
}

Deno.test("grown() finds nothing where figures go up and down, or grow in the warm-up only", () => {
  assert.deepEqual(grown(samples((index) => ({ heap: 30_000_000 + (index % 2) * 10_000_000 }))), []);
  assert.deepEqual(grown(samples((index) => ({ heap: index < 3 ? 1 : 60_000_000 }))), []);
});

Deno.test("grown() names what grows: heap, timers, files, lag, listeners left behind", () => {
  const cases: readonly [keyof Sample, number, RegExp][] = [
    ["heap", LIMITS.heapBytes, /^The heap \(MiB\) grew/],
    ["timers", LIMITS.timers, /^Timers grew/],
    ["files", LIMITS.files, /^Open files grew/],
    ["lagMs", LIMITS.lagMs, /^The lag \(ms\) grew/],
  ];
  for (const [field, limit, sentence] of cases) {
    const found = grown(samples((index) => ({ [field]: limit * index })));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", sentence);
  }
  assert.deepEqual(grown(samples((index) => ({ listeners: index === 5 ? 2 : 0 }))), [
    "2 listeners were left behind",
  ]);
  assert.throws(() => grown(samples(() => ({})).slice(0, 3)), RangeError);
});

Deno.test("soak() makes calls of all kinds while systems come and go, and leaves nothing behind", async () => {
  const report = await soak({
    seconds: 3,
    rate: 200,
    nameServer: undefined,
    samples: 1,
    changeMs: 400,
    onSample: () => {},
  });
  assert.deepEqual(report.strange, []);
  assert.deepEqual(report.samples.map(({ listeners }) => listeners), [0]);
  assert.ok((report.ends.get("ok") ?? 0) > 100 && (report.ends.get("InsufficientFunds/replied") ?? 0) > 0);
  assert.ok(report.changes > 3, `${report.changes} changes`);
  assert.match(tableOf(report.samples), /\| 0 \|/);
});
