import { type Clock, systemClock } from "../../src/async/clock.ts";

/** The machine's clock with a hand on its monotonic side. */
export class ShiftedClock implements Clock {
  /** How far it is ahead, in milliseconds. */
  shiftMs = 0;
  readonly now = systemClock.now;
  readonly after = systemClock.after;

  monotonic(): number {
    return systemClock.monotonic() + this.shiftMs;
  }
}
