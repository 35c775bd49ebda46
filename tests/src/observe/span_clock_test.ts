import assert from "node:assert/strict";
import { SpanClock } from "../../../src/observe/span_clock.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

/** A clock of whole milliseconds whose true time is that of the monotonic one, plus so much. */
function cut(clock: ManualClock, ahead: { ms: number }) {
  const now = () => Math.floor(clock.monotonic() + ahead.ms);
  return new SpanClock({ now, monotonic: () => clock.monotonic(), after: (ms, run) => clock.after(ms, run) });
}

Deno.test("SpanClock has fractions that the wall clock lacks, truer with every reading", () => {
  const clock = new ManualClock();
  const spans = cut(clock, { ms: 1_000.75 });
  clock.advance(0.125);
  assert.equal(spans.now(), 1_000.125);
  clock.advance(0.25);
  assert.equal(spans.now(), 1_001);
  clock.advance(0.5);
  assert.equal(spans.now(), 1_001.5);
});

Deno.test("SpanClock follows the wall clock when that is set", () => {
  const clock = new ManualClock();
  const ahead = { ms: 1_000 };
  const spans = cut(clock, ahead);
  ahead.ms = 2_000;
  assert.equal(spans.now(), 2_000);
  ahead.ms = 1_500;
  assert.equal(spans.now(), 1_500);
  clock.advance(0.5);
  assert.equal(spans.now(), 1_500.5);
});
