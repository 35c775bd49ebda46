import assert from "node:assert/strict";
import { memoryStore } from "../../../src/store/memory_store.ts";
import type { OutcomeStore } from "../../../src/store/outcome_store.ts";
import { claimOf, workOf } from "../../conformance/store_suite.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

const LEASE = { leaseMs: 1_000, takeOver: true };

async function done(store: OutcomeStore, key: string, bytes = 1): Promise<void> {
  assert.ok(await store.finish(claimOf(await store.begin(workOf(key), LEASE)), new Uint8Array(bytes)));
}

async function kindsOf(store: OutcomeStore, keys: readonly string[]): Promise<readonly string[]> {
  const kinds = [];
  for (const key of keys) kinds.push((await store.find(workOf(key))).kind);
  return kinds;
}

Deno.test("memoryStore forgets an outcome after its time, and lets the work be done again", async () => {
  const clock = new ManualClock();
  const store = memoryStore({ clock, keepMs: 60_000 });
  await done(store, "a");
  clock.advance(59_999);
  assert.deepEqual(await kindsOf(store, ["a"]), ["finished"]);
  clock.advance(1);
  assert.deepEqual(await kindsOf(store, ["a"]), ["unknown"]);
  claimOf(await store.begin(workOf("a", "other"), LEASE));
  assert.deepEqual(await kindsOf(store, ["a"]), ["conflict"]);
  assert.deepEqual([store.size, store.evicted], [1, 0]);
});

Deno.test("memoryStore forgets the oldest outcomes where there are too many, never work under way", async () => {
  const store = memoryStore({ clock: new ManualClock(), maxOutcomes: 3 });
  claimOf(await store.begin(workOf("running"), LEASE));
  for (const key of ["a", "b", "c", "d"]) await done(store, key);
  assert.deepEqual(await kindsOf(store, ["running", "a", "b", "c", "d"]), [
    "running",
    "unknown",
    "unknown",
    "finished",
    "finished",
  ]);
  assert.deepEqual([store.size, store.evicted], [3, 2]);
});

Deno.test("memoryStore forgets the oldest outcomes where they take too much, with their keys", async () => {
  const store = memoryStore({ clock: new ManualClock(), maxBytes: 10_000 });
  await done(store, "a", 4_000);
  await done(store, "b", 4_000);
  assert.deepEqual(await kindsOf(store, ["a", "b"]), ["finished", "finished"]);
  await done(store, "c".repeat(1_000), 1);
  assert.deepEqual(await kindsOf(store, ["a", "b"]), ["unknown", "finished"]);
  assert.equal(store.evicted, 1);
});

Deno.test("memoryStore forgets work that was never finished, as long after its lease as an outcome", async () => {
  const clock = new ManualClock();
  const store = memoryStore({ clock, keepMs: 60_000 });
  claimOf(await store.begin(workOf("a"), LEASE));
  clock.advance(60_999);
  await done(store, "b");
  assert.deepEqual(await kindsOf(store, ["a"]), ["orphaned"]);
  clock.advance(1);
  await done(store, "c");
  assert.deepEqual(await kindsOf(store, ["a"]), ["unknown"]);
});

Deno.test("memoryStore refuses bounds that are none", () => {
  for (const name of ["keepMs", "maxOutcomes", "maxBytes"]) {
    for (const value of [0, -1, 1.5, NaN]) {
      assert.throws(() => memoryStore({ [name]: value }), {
        name: "RangeError",
        message: `Cannot use '${name}': it must be a whole number above 0: current value is ${value}`,
      });
    }
  }
});
