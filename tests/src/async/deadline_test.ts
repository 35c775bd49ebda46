import assert from "node:assert/strict";
import { createDeadline } from "../../../src/async/deadline.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

Deno.test("createDeadline aborts after its time, with what AbortSignal.timeout gives", () => {
  const clock = new ManualClock();
  using deadline = createDeadline(clock, 100);
  clock.advance(99);
  assert.equal(deadline.signal.aborted, false);
  clock.advance(1);
  assert.equal(deadline.signal.reason.name, "TimeoutError");
});

Deno.test("createDeadline never aborts once it is disposed of", () => {
  const clock = new ManualClock();
  const deadline = createDeadline(clock, 100);
  deadline[Symbol.dispose]();
  clock.advance(1_000);
  assert.equal(deadline.signal.aborted, false);
});
