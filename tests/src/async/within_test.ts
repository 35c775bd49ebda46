import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { within } from "../../../src/async/within.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

const late = () => new RangeError("late");

Deno.test("within gives the value or the reason of what is in time, and leaves no timer", async () => {
  const clock = new ManualClock();
  const after = clock.after.bind(clock);
  assert.equal(await within(Promise.resolve(1), 5, after, late), 1);
  await assert.rejects(within(Promise.reject(new TypeError("no")), 5, after, late), TypeError);
  await Promise.resolve();
  assert.equal(clock.timers, 0);
});

Deno.test("within rejects when the time is up, and drops whatever comes later", async () => {
  const clock = new ManualClock();
  for (const settle of ["resolve", "reject"] as const) {
    const slow = createDeferred<number>();
    const bounded = within(slow.promise, 5, clock.after.bind(clock), late);
    clock.advance(5);
    await assert.rejects(bounded, RangeError);
    slow[settle](1);
    await assert.rejects(bounded, RangeError);
  }
});

Deno.test("within rejects where no timer can be set, and leaves no rejection unhandled", async () => {
  const slow = createDeferred<never>();
  const after = () => {
    throw new TypeError("The wheel is closed");
  };
  await assert.rejects(within(slow.promise, 1, after, late), { message: "The wheel is closed" });
  slow.reject(new Error("nobody listens"));
  await turns();
});
