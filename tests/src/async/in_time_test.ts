import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { inTime, TOO_LATE } from "../../../src/async/in_time.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

Deno.test("inTime yields what the work yields, and leaves no timer", async () => {
  const clock = new ManualClock();
  assert.equal(await inTime(Promise.resolve(5), 100, clock), 5);
  await assert.rejects(inTime(Promise.reject(new RangeError("no")), 100, clock), RangeError);
  assert.equal(clock.timers, 0);
});

Deno.test("inTime yields that it was too late, at the time and not before", async () => {
  const clock = new ManualClock();
  const work = createDeferred<number>();
  let result: unknown;
  const waiting = inTime(work.promise, 100, clock).then((value) => result = value);
  clock.advance(99);
  await Promise.resolve();
  assert.equal(result, undefined);
  clock.advance(1);
  await waiting;
  assert.equal(result, TOO_LATE);
  work.reject(new Error("nobody hears this"));
});

Deno.test("inTime waits not at all where there is no time", async () => {
  const clock = new ManualClock();
  assert.equal(await inTime(new Promise(() => {}), 0, clock), TOO_LATE);
  assert.equal(await inTime(new Promise(() => {}), -1, clock), TOO_LATE);
  assert.equal(clock.timers, 0);
});
