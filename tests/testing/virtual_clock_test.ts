import assert from "node:assert/strict";
import { TimerWheel } from "../../src/async/timer_wheel.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

Deno.test("VirtualClock fires what is due in the order of time, then of setting, with what each sets off", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.after(20, () => fired.push("third"));
  clock.after(10, () => {
    fired.push("first");
    void Promise.resolve().then(() => fired.push("its promise"));
    clock.after(0, () => fired.push("set by it"));
  });
  clock.after(10, () => fired.push("second"));
  clock.after(21, () => fired.push("too late"));
  clock.after(5, () => fired.push("cancelled")).cancel();
  await clock.advance(20);
  assert.deepEqual(fired, ["first", "its promise", "second", "set by it", "third"]);
  assert.equal(clock.monotonic(), 20);
  assert.equal(clock.timers, 1);
});

Deno.test("VirtualClock passes time only until the work is done", async () => {
  const clock = new VirtualClock(5_000);
  clock.after(1_000, () => {});
  assert.equal(await clock.run(clock.sleep(300).then(() => "done")), "done");
  assert.equal(clock.now(), 5_300);
  assert.equal(clock.timers, 1);
});

Deno.test("VirtualClock says so when the work waits for nothing, or for too long", async () => {
  const clock = new VirtualClock();
  await assert.rejects(clock.run(new Promise(() => {})), /no timer waits for it/);
  await assert.rejects(clock.run(clock.sleep(100), { limitMs: 99 }), /beyond 99 ms/);
  await assert.rejects(clock.run(Promise.reject(new Error("its own"))), /its own/);
});

Deno.test("VirtualClock idles until no timer waits, within a limit", async () => {
  const clock = new VirtualClock();
  clock.after(10, () => clock.after(10, () => {}));
  await clock.idle();
  assert.deepEqual([clock.timers, clock.monotonic()], [0, 20]);
  clock.after(10, () => {});
  await assert.rejects(clock.idle({ limitMs: 5 }), /1 timers still wait/);
});

Deno.test("VirtualClock gets on with waits of any length, such as those of a wheel", async () => {
  const clock = new VirtualClock();
  await clock.advance(852.5637);
  const wheel = new TimerWheel(clock);
  await clock.advance(0.1234);
  let fired = 0;
  for (const ms of [0.1, 9.99, 10.01, 333.333]) wheel.schedule(ms, () => fired++);
  await clock.idle({ limitMs: 1_000 });
  assert.equal(fired, 4);
});
