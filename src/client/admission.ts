/** A call that wants to be under way. */
export interface Candidate {
  /** Told that there is room, when it had to wait. */
  proceed(): void;
}

/**
 * Lets a bounded number of calls be under way; those beyond it wait in order. Whoever waits is bound by its own
 * deadline, so the queue is bounded by calls that their callers still wait for.
 */
export class Admission {
  readonly #limit: number;
  #inside = 0;
  #admitting = false;
  readonly #waiting = new Set<Candidate>();

  /** @param limit calls under way at once */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls under way. */
  get inside(): number {
    return this.#inside;
  }

  /** Calls that wait to get in. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Lets the call in at once (`true`), or tells it to proceed once there is room, unless it leaves first. */
  enter(candidate: Candidate): boolean {
    if (this.#inside < this.#limit) {
      this.#inside++;
      return true;
    }
    this.#waiting.add(candidate);
    return false;
  }

  /** The call is over, however it ended: inside or still waiting. Called once per call. */
  leave(candidate: Candidate): void {
    if (this.#waiting.size > 0 && this.#waiting.delete(candidate)) return;
    this.#inside--;
    this.#admitWaiting();
  }

  #admitWaiting(): void {
    // A call that ends as soon as it is let in comes back here from within: the loop that is running goes on.
    if (this.#admitting || this.#waiting.size === 0) return;
    this.#admitting = true;
    try {
      for (const candidate of this.#waiting) {
        if (this.#inside >= this.#limit) break;
        this.#waiting.delete(candidate);
        this.#inside++;
        candidate.proceed();
      }
    } finally {
      this.#admitting = false;
    }
  }
}
