import { type Clock, systemClock, type Timer } from "../../src/async/clock.ts";

/** The machine's clock, which knows how many timers wait. */
export class CountedClock implements Clock {
  #timers = 0;

  /** Timers that were set, and have neither fired nor been cancelled. */
  get timers(): number {
    return this.#timers;
  }

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    let waits = true;
    const leave = () => {
      if (waits) this.#timers--;
      waits = false;
    };
    this.#timers++;
    const timer = systemClock.after(ms, () => {
      leave();
      callback();
    });
    return {
      cancel: () => {
        leave();
        timer.cancel();
      },
    };
  }
}
