import assert from "node:assert/strict";
import fc from "fast-check";
import { type Clock, systemClock, type Timer } from "../../../src/async/clock.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import { TimerWheel, WheelTimer } from "../../../src/async/timer_wheel.ts";

/** A clock that goes where it is told. */
class ManualClock implements Clock {
  time = 1_000.5;
  readonly timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.callback();
    }
    this.time = end;
  }
}

Deno.test("TimerWheel fires never early and at most two ticks late", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ at: fc.nat(3_000), ms: fc.nat(12_000) }), { maxLength: 40 }),
    fc.integer({ min: 1, max: 64 }),
    fc.constantFrom(0, 25, 250),
    (plans, slots, lingerMs) => {
      const clock = new ManualClock();
      const wheel = new TimerWheel(clock, { tickMs: 10, slots, lingerMs });
      const start = clock.time;
      let fired = 0;
      for (const { at, ms } of plans.sort((a, b) => a.at - b.at)) {
        clock.advance(start + at - clock.time);
        const due = clock.time + ms;
        wheel.schedule(ms, () => {
          fired++;
          assert.ok(clock.time >= due && clock.time <= due + 20, `due ${due}, now ${clock.time}`);
        });
      }
      clock.advance(20_000);
      assert.equal(fired, plans.length);
      assert.equal(wheel.size, 0);
      assert.equal(clock.timers.size, 0);
    },
  ));
});

Deno.test("TimerWheel holds one timer of the clock while it has entries, else none", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  assert.equal(clock.timers.size, 0);
  const timers = [50_000, 3_000, 20].map((ms) => wheel.schedule(ms, () => {}));
  assert.equal(clock.timers.size, 1);
  assert.equal(wheel.size, 3);
  for (const timer of timers) timer.cancel();
  assert.equal(wheel.size, 0);
  assert.equal(clock.timers.size, 0);
});

Deno.test("TimerWheel that may linger keeps its timer of the clock for others, and lets go of it after a while", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock, { lingerMs: 250 });
  wheel.schedule(5_000, () => {}).cancel();
  const [timer] = clock.timers;
  clock.advance(240);
  let firedAt = 0;
  const start = clock.time;
  wheel.schedule(5_000, () => {}).cancel();
  wheel.schedule(1_000, () => firedAt = clock.time);
  assert.deepEqual([...clock.timers], [timer]);
  clock.advance(1_020);
  assert.ok(firedAt >= start + 1_000 && firedAt <= start + 1_020, `fired after ${firedAt - start} ms`);
  assert.equal(clock.timers.size, 0);
  wheel.schedule(5_000, () => {}).cancel();
  clock.advance(260);
  assert.equal(clock.timers.size, 0);
  wheel.schedule(5_000, () => {}).cancel();
  wheel.close();
  assert.equal(clock.timers.size, 0);
});

Deno.test("TimerWheel is itself the timer of whoever waits, as often as it is started", () => {
  class Waiter extends WheelTimer {
    fired = 0;
    fire(): void {
      if (++this.fired === 1) wheel.start(this, 50);
    }
  }
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const [one, other] = [new Waiter(), new Waiter()];
  wheel.start(one, 20);
  wheel.start(other, 20);
  other.cancel();
  wheel.start(other, 500);
  clock.advance(40);
  assert.deepEqual([one.fired, other.fired, wheel.size], [1, 0, 2]);
  clock.advance(70);
  assert.deepEqual([one.fired, other.fired, wheel.size], [2, 0, 1]);
  other.cancel();
  assert.deepEqual([wheel.size, clock.timers.size], [0, 0]);
});

Deno.test("TimerWheel fires a timer that another of its tick has started anew when its new time has come", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const fired: number[] = [];
  class Later extends WheelTimer {
    fire(): void {
      fired.push(clock.time);
    }
  }
  const later = new Later();
  wheel.schedule(50, () => {
    later.cancel();
    wheel.start(later, 100);
  });
  wheel.start(later, 50);
  clock.advance(140);
  assert.deepEqual([fired, wheel.size], [[], 1]);
  clock.advance(50);
  assert.deepEqual([fired.length, wheel.size, clock.timers.size], [1, 0, 0]);
});

Deno.test("TimerWheel runs no callback that was cancelled, also by another of the same tick", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const ran: string[] = [];
  wheel.schedule(5, () => {
    ran.push("first");
    second.cancel();
  });
  const second = wheel.schedule(5, () => ran.push("second"));
  wheel.schedule(5, () => ran.push("third"));
  const cancelled = wheel.schedule(5, () => ran.push("cancelled"));
  cancelled.cancel();
  cancelled.cancel();
  clock.advance(100);
  second.cancel();
  assert.deepEqual(ran, ["first", "third"]);
  assert.equal(wheel.size, 0);
});

Deno.test("TimerWheel runs the other callbacks when one throws, then throws on", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  const ran: string[] = [];
  const failure = new Error("mine");
  wheel.schedule(5, () => {
    throw failure;
  });
  wheel.schedule(5, () => ran.push("same tick"));
  wheel.schedule(50, () => ran.push("later"));
  assert.throws(() => clock.advance(30), failure);
  assert.deepEqual(ran, ["same tick"]);
  clock.advance(100);
  assert.deepEqual(ran, ["same tick", "later"]);
});

Deno.test("TimerWheel takes timers set by a callback", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock, { tickMs: 10, slots: 4 });
  let count = 0;
  const again = (): void => {
    if (++count < 10) wheel.schedule(0, again);
  };
  wheel.schedule(0, again);
  clock.advance(1_000);
  assert.equal(count, 10);
});

Deno.test("TimerWheel catches up after the process was stopped", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock, { tickMs: 10, slots: 8 });
  let fired = 0;
  for (let ms = 0; ms < 1_000; ms += 7) wheel.schedule(ms, () => fired++);
  clock.time += 100_000;
  clock.advance(0);
  assert.equal(wheel.size, 0);
  assert.equal(fired, 143);
});

Deno.test("TimerWheel fires nothing after close, also when a callback closed it", () => {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  let fired = 0;
  wheel.schedule(5, () => wheel.close());
  const timer = wheel.schedule(5, () => fired++);
  wheel.schedule(5_000, () => fired++);
  clock.advance(10_000);
  timer.cancel();
  wheel.close();
  assert.equal(fired, 0);
  assert.equal(clock.timers.size, 0);
  assert.throws(() => wheel.schedule(1, () => {}), TypeError);
});

Deno.test("TimerWheel refuses what is no time", () => {
  const wheel = new TimerWheel(new ManualClock());
  for (const ms of [NaN, Infinity]) assert.throws(() => wheel.schedule(ms, () => {}), RangeError);
  assert.throws(() => new TimerWheel(new ManualClock(), { tickMs: 0 }), RangeError);
  assert.throws(() => new TimerWheel(new ManualClock(), { slots: 0.5 }), RangeError);
  assert.throws(() => new TimerWheel(new ManualClock(), { lingerMs: -1 }), RangeError);
});

Deno.test("TimerWheel works on the machine's clock", async () => {
  const wheel = new TimerWheel(systemClock);
  const fired = createDeferred<number>();
  const start = performance.now();
  wheel.schedule(25, () => fired.resolve(performance.now() - start));
  assert.ok(await fired.promise >= 25);
});
