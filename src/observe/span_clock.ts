import type { Clock } from "../async/clock.ts";

/** How far the two clocks may be apart before the wall clock is believed again, in milliseconds. */
const DRIFT_MS = 2;

/**
 * The wall clock, with the resolution of the monotonic one: most calls take less than one of its milliseconds. Follows
 * the wall clock when that is set.
 */
export class SpanClock {
  readonly #clock: Clock;
  #wallMs: number;
  #monotonicMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wallMs = clock.now();
    this.#monotonicMs = clock.monotonic();
  }

  /** Epoch milliseconds, with fractions. */
  now(): number {
    const monotonicMs = this.#clock.monotonic();
    const wallMs = this.#clock.now();
    const nowMs = this.#wallMs + monotonicMs - this.#monotonicMs;
    if (Math.abs(nowMs - wallMs) <= DRIFT_MS) return nowMs;
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    return wallMs;
  }
}
