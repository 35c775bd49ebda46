import type { Clock } from "../async/clock.ts";

/** How far the wall clock may fall behind before it is believed to have been set back, in milliseconds. */
const SET_BACK_MS = 2;

/**
 * The wall clock, with the resolution of the monotonic one: most calls take less than one of its milliseconds. What
 * the wall clock shows is cut off, so that the greatest difference seen of the two is the best; it gets better with
 * every reading, and follows the wall clock when that is set.
 */
export class SpanClock {
  readonly #clock: Clock;
  #aheadMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#aheadMs = clock.now() - clock.monotonic();
  }

  /** Epoch milliseconds, with fractions. */
  now(): number {
    const monotonicMs = this.#clock.monotonic();
    const aheadMs = this.#clock.now() - monotonicMs;
    if (aheadMs > this.#aheadMs || this.#aheadMs - aheadMs > SET_BACK_MS) this.#aheadMs = aheadMs;
    return monotonicMs + this.#aheadMs;
  }
}
