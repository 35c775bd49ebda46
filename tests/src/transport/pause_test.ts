import assert from "node:assert/strict";
import { pause } from "../../../src/transport/pause.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

Deno.test("pause() lets time pass", async () => {
  const clock = new ManualClock();
  const pausing = pause(clock, 50, new AbortController().signal);
  clock.advance(50);
  await pausing;
  assert.equal(clock.timers, 0);
});

Deno.test("pause() ends with the signal's reason, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const pausing = pause(clock, 50, controller.signal);
  controller.abort(reason);
  await assert.rejects(pausing, reason);
  await assert.rejects(pause(clock, 50, controller.signal), reason);
  assert.equal(clock.timers, 0);
});
