import type { Clock, Timer } from "../../src/async/clock.ts";
import type { Run } from "./run.ts";

/** Longest time between two looks, in milliseconds. */
const MAX_PERIOD_MS = 1_000;
/** Looks within the time that a handler may ignore its signal. */
const LOOKS = 8;

/**
 * Finds handlers that go on after their signal has aborted. One look per period over those that have been running for
 * a whole one: a handler that ends sooner costs a few pointer writes, and its signal is not even made.
 */
export class RunWatch {
  readonly #clock: Clock;
  readonly #abandonAfterMs: number;
  readonly #periodMs: number;
  /** Linked in the order in which they came. */
  #first: Run | undefined;
  #last: Run | undefined;
  #period = 0;
  #timer: Timer | undefined;
  #closed = false;

  /**
   * @param clock where time comes from
   * @param abandonAfterMs how long a handler may ignore its signal, before its cell is told, in milliseconds
   */
  constructor(clock: Clock, abandonAfterMs: number) {
    this.#clock = clock;
    this.#abandonAfterMs = abandonAfterMs;
    this.#periodMs = Math.min(MAX_PERIOD_MS, Math.max(1, abandonAfterMs / LOOKS));
  }

  /** Watches a run from now on. */
  add(run: Run): void {
    run.watchedSince = this.#period;
    run.previous = this.#last;
    run.next = undefined;
    if (this.#last === undefined) this.#first = run;
    else this.#last.next = run;
    this.#last = run;
    if (this.#timer === undefined) this.#arm();
  }

  /** Watches it no longer. Does nothing where it is not watched. */
  remove(run: Run): void {
    const { previous, next } = run;
    if (previous === undefined) {
      if (this.#first !== run) return;
      this.#first = next;
    } else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    run.previous = run.next = undefined;
  }

  /** Looks no longer. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (!this.#closed) this.#timer = this.#clock.after(this.#periodMs, () => this.#look());
  }

  #look(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonic();
    for (let run = this.#first; run !== undefined && run.watchedSince < this.#period;) {
      const { next } = run;
      if (run.call.signal.aborted) this.#ignores(run, nowMs);
      run = next;
    }
    this.#period++;
    if (this.#first !== undefined) this.#arm();
  }

  #ignores(run: Run, nowMs: number): void {
    run.ignoringSinceMs ??= nowMs;
    if (nowMs - run.ignoringSinceMs < this.#abandonAfterMs) return;
    this.remove(run);
    run.overstay();
  }
}
