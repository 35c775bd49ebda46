import assert from "node:assert/strict";
import { createIds } from "../../../src/async/ids.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

Deno.test("createIds makes UUIDs of version 7 that begin with the time", () => {
  const clock = new ManualClock(1_700_000_000_123.9);
  const id = createIds(clock)();
  assert.match(id, UUID_V7);
  assert.equal(timeOf(id), 1_700_000_000_123);
});

Deno.test("createIds makes whole ids from the first millisecond of the epoch on", () => {
  assert.match(createIds(new ManualClock(0))(), UUID_V7);
});

Deno.test("createIds takes its random bits from the source, all 62 of them", () => {
  const id = createIds(new ManualClock(), (bytes) => bytes.fill(0xff))();
  assert.equal(id.slice(19), "bfff-ffffffffffff");
});

Deno.test("createIds keeps ids of one millisecond unique and in order, past its counter", () => {
  const clock = new ManualClock();
  const newId = createIds(clock, (bytes) => bytes.fill(0));
  const ids = Array.from({ length: 4_096 * 2 + 10 }, newId);
  for (const id of ids) assert.match(id, UUID_V7);
  assert.deepEqual(ids, [...new Set(ids)].sort());
  assert.equal(timeOf(ids[4_095] ?? ""), clock.now());
  assert.equal(timeOf(ids[4_096] ?? ""), clock.now() + 1);
});

Deno.test("createIds keeps the order while the clock goes back, and follows it once it has caught up", () => {
  const clock = new ManualClock();
  const newId = createIds(clock);
  const first = newId();
  clock.step(-60_000);
  const second = newId();
  clock.step(60_001);
  const third = newId();
  assert.deepEqual([first, second, third], [first, second, third].sort());
  assert.equal(timeOf(second), timeOf(first));
  assert.equal(timeOf(third), timeOf(first) + 1);
});
