/**
 * How far this machine's clock is from the broker's, learnt from what arrives: the smallest difference between
 * receipt and store time seen so far is the best guess, too large by the fastest delivery, about a millisecond.
 */
export class BrokerClock {
  #offsetMs = Infinity;

  /**
   * Turns a store time of the broker into this machine's time.
   *
   * @param storedAtMs the broker's clock, epoch milliseconds
   * @param nowMs this machine's clock now, epoch milliseconds
   */
  toLocal(storedAtMs: number, nowMs: number): number {
    this.#offsetMs = Math.min(this.#offsetMs, nowMs - storedAtMs);
    return storedAtMs + this.#offsetMs;
  }

  /** Milliseconds that this machine is ahead of the broker; `Infinity` before anything arrived. */
  get offsetMs(): number {
    return this.#offsetMs;
  }
}
