import type { Clock } from "../async/clock.ts";
import { CANCEL_KEPT_MS, CANCELS_REMEMBERED } from "./defaults.ts";

/**
 * Cancels that came before their calls: a cancel by direct address overtakes its request. Bounded by count and age;
 * beyond the count the oldest are forgotten, and their calls run.
 */
export class EarlyCancels {
  readonly #clock: Clock;
  /** Until when, by call id, oldest first. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Cancels remembered, those that nobody took in time included. */
  get size(): number {
    return this.#until.size;
  }

  /** Notes that the call of that id is cancelled, should it come. */
  remember(callId: string): void {
    const now = this.#clock.monotonic();
    this.#until.delete(callId);
    for (const [id, until] of this.#until) {
      if (until > now && this.#until.size < CANCELS_REMEMBERED) break;
      this.#until.delete(id);
    }
    this.#until.set(callId, now + CANCEL_KEPT_MS);
  }

  /** Whether the call that has come was cancelled before; asked once. */
  take(callId: string): boolean {
    if (this.#until.size === 0) return false;
    const until = this.#until.get(callId);
    if (until === undefined) return false;
    this.#until.delete(callId);
    return this.#clock.monotonic() < until;
  }
}
