import assert from "node:assert/strict";
import { systemClock } from "../../../src/async/clock.ts";

Deno.test("systemClock fires a timer once, and not before its time", async () => {
  const since = systemClock.monotonic();
  await new Promise<void>((resolve) => void systemClock.after(5, resolve));
  // The platform's timers round to whole milliseconds.
  assert.ok(systemClock.monotonic() - since >= 4);
});

Deno.test("systemClock fires no timer that was cancelled", async () => {
  let fired = false;
  systemClock.after(1, () => fired = true).cancel();
  await new Promise<void>((resolve) => void systemClock.after(5, resolve));
  assert.ok(!fired);
});

Deno.test("systemClock shows epoch time", () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
});
