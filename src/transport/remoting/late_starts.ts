import type { Clock, Timer } from "../../async/clock.ts";
import { LATE_START_MS } from "./defaults.ts";

/** What is known of the queue whose starts are recorded late. */
export interface StartedQueue {
  /** The offset below which everything is settled. */
  commit(): number;
  /** The offset below which everything was started, or is settled. */
  mark(): number;
  /** Has the mark recorded. */
  record(): void;
}

/**
 * Starts that nobody waits to be on record, of one queue: what may run again is settled within milliseconds most of the
 * time, and then its commit says all. Only what is under way for longer is worth a request to the broker.
 */
export class LateStarts {
  readonly #queue: StartedQueue;
  readonly #clock: Pick<Clock, "after">;
  #timer: Timer | undefined;
  /** Behind the message that the timer was set for. */
  #due = 0;
  /** Behind the last message that was started. */
  #end = 0;
  /** Whether a start could not be recorded in time, because one before it has to start or settle first. */
  #behind = false;
  #closed = false;

  constructor(queue: StartedQueue, clock: Pick<Clock, "after">) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** A handler of the message at `offset` starts: its record follows within two times {@linkcode LATE_START_MS}. */
  add(offset: number): void {
    this.#end = Math.max(this.#end, offset + 1);
    if (this.#timer === undefined && !this.#closed) this.#arm(offset + 1);
  }

  /** A message is settled: what stood behind it may be recorded now. */
  settled(): void {
    if (this.#behind) this.#record();
  }

  /** Records nothing more. */
  close(): void {
    this.#closed = true;
    this.#behind = false;
    this.#timer?.cancel();
  }

  #arm(due: number): void {
    this.#due = due;
    this.#timer = this.#clock.after(LATE_START_MS, () => {
      this.#timer = undefined;
      this.#look();
    });
  }

  #look(): void {
    const commit = this.#queue.commit();
    if (commit >= this.#end) return;
    if (commit < this.#due) this.#record();
    // Those that the timer was set for are settled: what is left was started since.
    else this.#arm(this.#end);
  }

  #record(): void {
    this.#queue.record();
    this.#behind = this.#queue.mark() < this.#end;
  }
}
