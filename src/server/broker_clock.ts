import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import { CLOCK_LEARNING_MS, CLOCK_SKEW_MS } from "./defaults.ts";

const log = logger("callee");

/**
 * How far this machine's clock is from the broker's, learnt from what arrives: the smallest difference between
 * receipt and store time seen so far is the best guess, too large by the fastest delivery, about a millisecond.
 *
 * What arrives first may have waited for hours, and would pass for a clock that is hours off. So for a while the
 * guess is held within the skew that clocks in order may have: an old backlog expires as it must. Only when
 * nothing fresher comes after that while is a larger skew believed, and reported.
 */
export class BrokerClock {
  #smallestMs = Infinity;
  #learningUntilMs: number | undefined;
  #reported = false;

  /**
   * Turns a store time of the broker into this machine's time.
   *
   * @param storedAtMs the broker's clock, epoch milliseconds
   * @param nowMs this machine's clock now, epoch milliseconds
   */
  toLocal(storedAtMs: number, nowMs: number): number {
    this.#learningUntilMs ??= nowMs + CLOCK_LEARNING_MS;
    this.#smallestMs = Math.min(this.#smallestMs, nowMs - storedAtMs);
    if (nowMs < this.#learningUntilMs) return storedAtMs + Math.min(this.#smallestMs, CLOCK_SKEW_MS);
    if (!this.#reported && Math.abs(this.#smallestMs) > CLOCK_SKEW_MS) {
      this.#reported = true;
      log.warn(EVENTS.callee.clockSkew, { skewMs: Math.round(this.#smallestMs) });
    }
    return storedAtMs + this.#smallestMs;
  }

  /** How long ago something was stored, in milliseconds, by what has been learnt so far. */
  age(storedAtMs: number, nowMs: number): number {
    return Math.max(0, nowMs - storedAtMs - Math.min(this.#smallestMs, CLOCK_SKEW_MS));
  }

  /** Milliseconds that this machine is ahead of the broker; `Infinity` before anything arrived. */
  get offsetMs(): number {
    return this.#smallestMs;
  }
}
