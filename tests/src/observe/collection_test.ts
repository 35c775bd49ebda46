import assert from "node:assert/strict";
import type { TreeNode } from "../../../src/call/tree.ts";
import { Collection } from "../../../src/observe/collection.ts";
import { OBSERVED } from "../../../src/observe/instruments.ts";
import { SeriesTable } from "../../../src/observe/series.ts";
import { RecordingMeter } from "../../helpers/recording_telemetry.ts";

const DEAD = OBSERVED.deadLetters.name;
const DEPTH = OBSERVED.depth.name;

/** The tree of a system with one service. */
function treeOf(deadLetters: number, depth: number, ageMs = 0): TreeNode {
  const node = { state: "running", restarts: 0, children: [] } as const;
  const queue: TreeNode = { ...node, id: "broker-a/0", kind: "partition", details: { lag: 1, ageMs } };
  return {
    ...node,
    id: "bank",
    kind: "system",
    children: [{
      ...node,
      id: "test.Payments",
      kind: "service",
      children: [
        {
          ...node,
          id: "intake",
          kind: "intake",
          details: { unsettled: 1, deadLetters, foundAgain: 2, streams: 9, streamsRunning: 4 },
          children: [queue],
        },
        { ...node, id: "transfer", kind: "method", details: { depth, running: 0, crashes: 0 } },
      ],
    }],
  };
}

/** Something watched whose tree a test changes. */
function source(meter: RecordingMeter, series = new SeriesTable()) {
  let tree: TreeNode | undefined = treeOf(0, 0);
  const replies = { lateReplies: 0, refusedReplies: 0 };
  const empty: TreeNode = { ...treeOf(0, 0), children: [] };
  const reading = Collection.of(meter, meter.getMeter()).add({ replies, tree: () => tree ?? empty }, series);
  return {
    replies,
    remove: reading.end,
    note: reading.note,
    set: (next: TreeNode | undefined) => tree = next,
  };
}

Deno.test("Collection never counts down: what is read from starts again, ends, or is closed", () => {
  const meter = new RecordingMeter();
  const one = source(meter);
  one.set(treeOf(3, 0));
  assert.equal(meter.now(DEAD), 3);
  one.set(treeOf(1, 0));
  assert.equal(meter.now(DEAD), 4);
  one.set(undefined);
  assert.equal(meter.now(DEAD), 4);
  assert.equal(meter.now(DEPTH), undefined);
  const other = source(meter);
  other.set(treeOf(2, 0));
  one.remove();
  assert.equal(meter.now(DEAD), 6);
});

Deno.test("Collection adds up the systems of one provider, and asks for nothing when there is none", () => {
  const meter = new RecordingMeter();
  const one = source(meter);
  const other = source(meter);
  assert.equal(meter.callbacks.size, 1);
  one.set(treeOf(1, 2, 5_000));
  other.set(treeOf(2, 3, 7_000));
  one.replies.lateReplies = 4;
  assert.deepEqual([meter.now(DEAD), meter.now(DEPTH), meter.now(OBSERVED.lateReplies.name)], [3, 5, 4]);
  // Ages do not add up.
  assert.deepEqual([meter.now(OBSERVED.lag.name), meter.now(OBSERVED.age.name)], [2, 7]);
  assert.equal(meter.now(OBSERVED.events.name, "test.Payments", "found_again"), 4);
  assert.equal(meter.now(OBSERVED.events.name, "test.Payments", "streams"), 18);
  // A counter would take each end for a new beginning.
  assert.equal(meter.now(OBSERVED.events.name, "test.Payments", "streams_running"), undefined);
  one.remove();
  one.remove();
  assert.deepEqual([meter.now(DEPTH), meter.now(DEAD)], [3, 3]);
  other.remove();
  assert.equal(meter.callbacks.size, 0);
});

Deno.test("Collection counts what a system counted last before it was closed", () => {
  const meter = new RecordingMeter();
  const one = source(meter);
  one.set(treeOf(5, 0));
  one.remove();
  source(meter);
  assert.equal(meter.now(DEAD), 5);
});

Deno.test("Collection makes every instrument with its unit", () => {
  const meter = new RecordingMeter();
  source(meter);
  for (const { name, unit, description } of Object.values(OBSERVED)) {
    const made = JSON.stringify(meter.instruments.get(name));
    assert.ok(made.includes(JSON.stringify(unit)) && made.includes(JSON.stringify(description)), name);
  }
});

Deno.test("Collection keeps what was counted by what is about to end", () => {
  const meter = new RecordingMeter();
  const one = source(meter);
  one.set(treeOf(5, 0));
  one.note();
  one.set(undefined);
  assert.equal(meter.now(DEAD), 5);
});
