import { Durations, percentile } from "../broker/percentiles.ts";
import { type Fate, type Phase, PHASES, type Second, Window } from "./window.ts";

/** What callers and handlers of a run report, by second and by phase. */
export class Measures {
  /** One after the other, as far as they are over. */
  readonly seconds: Second[] = [];
  /** What callers got and should not have. */
  readonly strange: string[] = [];
  readonly #handlers = new Map(PHASES.map((phase) => [phase, new Durations()]));
  readonly #replies = new Map(PHASES.map((phase) => [phase, new Durations()]));
  #window = new Window();
  phase: Phase = "before";
  made = 0;
  settled = 0;
  started = 0;
  #running = 0;
  #mostRunning = 0;

  /** Calls whose callers wait. */
  get open(): number {
    return this.made - this.settled;
  }

  /** Most handlers at work at once. */
  get mostRunning(): number {
    return this.#mostRunning;
  }

  /** A call is made. */
  called(): void {
    this.made++;
    this.#window.offered++;
  }

  /** A call has ended. */
  ended(fate: Fate): void {
    this.settled++;
    this.#window.ended(fate);
  }

  /** A handler begins. */
  begun(): void {
    this.started++;
    this.#mostRunning = Math.max(this.#mostRunning, ++this.#running);
  }

  /** A handler has ended, after so many milliseconds. */
  handled(ms: number): void {
    this.#running--;
    this.#handlers.get(this.phase)?.add(ms);
    this.#window.handled(ms);
  }

  /** An answer has come, so many milliseconds after its handler began. */
  replied(ms: number): void {
    this.#replies.get(this.phase)?.add(ms);
    this.#window.replied(ms);
  }

  /** A second is over. */
  tick(at: number): Second {
    const second = this.#window.close(at, this.phase, this.open);
    this.seconds.push(second);
    this.#window = new Window();
    return second;
  }

  /** From the start of a handler to its end: 99th percentile over a phase, in milliseconds. */
  handlerP99Ms(phase: Phase): number {
    return p99(this.#handlers.get(phase));
  }

  /** From the start of a handler to its answer at the caller: 99th percentile over a phase, in milliseconds. */
  replyP99Ms(phase: Phase): number {
    return p99(this.#replies.get(phase));
  }
}

function p99(durations: Durations | undefined): number {
  return percentile(durations?.sorted() ?? [], 0.99);
}
