/**
 * Lets a bounded number of calls be under way; those beyond it wait in order. Whoever waits is bound by its own
 * deadline, so the queue is bounded by calls that their callers still wait for.
 */
export class Admission {
  readonly #limit: number;
  #inside = 0;
  #admitting = false;
  readonly #waiting = new Map<() => void, () => void>();

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

  /** Makes the ticket of one call: a function to call when it is over, however it ended. */
  finisher(): () => void {
    const finish = () => {
      if (this.#waiting.delete(finish)) return;
      this.#inside--;
      this.#admitWaiting();
    };
    return finish;
  }

  /** Lets the call in at once (`true`), or calls `proceed` once there is room and its ticket has not ended. */
  enter(proceed: () => void, ticket: () => void): boolean {
    if (this.#inside < this.#limit) {
      this.#inside++;
      return true;
    }
    this.#waiting.set(ticket, proceed);
    return false;
  }

  #admitWaiting(): void {
    // A call that ends as soon as it is let in comes back here from within: the loop that is running goes on.
    if (this.#admitting || this.#waiting.size === 0) return;
    this.#admitting = true;
    try {
      for (const [ticket, proceed] of this.#waiting) {
        if (this.#inside >= this.#limit) break;
        this.#waiting.delete(ticket);
        this.#inside++;
        proceed();
      }
    } finally {
      this.#admitting = false;
    }
  }
}
