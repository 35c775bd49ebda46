import assert from "node:assert/strict";
import fc from "fast-check";
import { RestartLimit } from "../../../actors/supervision/restart_limit.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

Deno.test("RestartLimit allows as many as its intensity, and again when the first is older than the period", () => {
  const clock = new ManualClock();
  const limit = new RestartLimit({ intensity: 2, periodMs: 1_000, clock });
  assert.deepEqual([limit.remaining, limit.spend(), limit.remaining], [2, true, 1]);
  clock.advance(400);
  assert.deepEqual([limit.spend(), limit.remaining, limit.spend()], [true, 0, false]);
  clock.advance(600);
  assert.deepEqual([limit.remaining, limit.spend()], [0, false], "a whole period later it still counts");
  clock.advance(1);
  assert.deepEqual([limit.remaining, limit.spend(), limit.spend()], [1, true, false]);
});

Deno.test("RestartLimit of intensity 0 allows nothing", () => {
  const limit = new RestartLimit({ intensity: 0, periodMs: 1, clock: new ManualClock() });
  assert.deepEqual([limit.remaining, limit.spend(), limit.remaining], [0, false, 0]);
});

Deno.test("RestartLimit.reset forgets what was spent", () => {
  const clock = new ManualClock();
  const limit = new RestartLimit({ intensity: 3, periodMs: 1_000, clock });
  for (let spent = 0; spent < 4; spent++) limit.spend();
  limit.reset();
  assert.deepEqual([limit.remaining, limit.spend(), limit.remaining], [3, true, 2]);
});

Deno.test("RestartLimit does not mind the wall clock", () => {
  const clock = new ManualClock();
  const limit = new RestartLimit({ intensity: 1, periodMs: 1_000, clock });
  limit.spend();
  clock.step(3_600_000);
  assert.equal(limit.spend(), false);
});

Deno.test("RestartLimit counts as a list of all times would", () => {
  const step = fc.record({ ms: fc.integer({ min: 0, max: 700 }), reset: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), fc.array(step, { maxLength: 60 }), (intensity, steps) => {
      const clock = new ManualClock();
      const limit = new RestartLimit({ intensity, periodMs: 1_000, clock });
      let times: number[] = [];
      for (const [index, { ms, reset }] of steps.entries()) {
        clock.advance(ms);
        if (reset && index % 7 === 0) {
          limit.reset();
          times = [];
        }
        const nowMs = clock.monotonic();
        times = times.filter((time) => time >= nowMs - 1_000);
        assert.equal(limit.remaining, intensity - times.length);
        const allowed = times.length < intensity;
        assert.equal(limit.spend(), allowed);
        if (allowed) times.push(nowMs);
      }
    }),
  );
});

Deno.test("RestartLimit refuses what it cannot count", () => {
  const clock = new ManualClock();
  for (const intensity of [-1, 1.5, NaN, 1_001]) {
    assert.throws(() => new RestartLimit({ intensity, periodMs: 1, clock }), /'intensity'.*from 0 to 1000/);
  }
  for (const periodMs of [0, -1, NaN, Infinity, 86_400_001]) {
    assert.throws(
      () => new RestartLimit({ intensity: 1, periodMs, clock }),
      /'periodMs'.*from 1 to 86400000/,
    );
  }
});
