import assert from "node:assert/strict";
import { SpanClock } from "../../../src/observe/span_clock.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

Deno.test("SpanClock has fractions that the wall clock lacks, and follows that when it is set", () => {
  const clock = new ManualClock(1_000);
  let wallMs = 1_000;
  const spans = new SpanClock({ now: () => wallMs, monotonic: () => clock.monotonic(), after: clock.after });
  clock.advance(0.25);
  assert.equal(spans.now(), 1_000.25);
  clock.advance(0.5);
  assert.equal(spans.now(), 1_000.75);
  wallMs = 900;
  assert.equal(spans.now(), 900);
  clock.advance(0.5);
  assert.equal(spans.now(), 900.5);
});
