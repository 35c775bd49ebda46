import type { Clock, Timer } from "../../src/async/clock.ts";

/** One timer that waits. */
interface Waiting {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to go on. Timers fire in the order in which they are due. */
export class ManualClock implements Clock {
  #nowMs: number;
  #sinceMs = 0;
  readonly #timers = new Set<Waiting>();

  /** @param nowMs what the wall clock shows, epoch milliseconds */
  constructor(nowMs = 1_700_000_000_000) {
    this.#nowMs = nowMs;
  }

  /** How many timers wait: 0 when everything was cleaned up. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#sinceMs;
  }

  after(ms: number, callback: () => void): Timer {
    const timer = { atMs: this.#sinceMs + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** Lets `ms` milliseconds pass and fires what is due on the way. */
  advance(ms: number): void {
    const endMs = this.#sinceMs + ms;
    for (let due = this.#next(endMs); due !== undefined; due = this.#next(endMs)) {
      this.#timers.delete(due);
      this.#pass(Math.max(0, due.atMs - this.#sinceMs));
      due.callback();
    }
    this.#pass(endMs - this.#sinceMs);
  }

  /** Moves the wall clock only, as an operator would. */
  step(ms: number): void {
    this.#nowMs += ms;
  }

  #pass(ms: number): void {
    this.#sinceMs += ms;
    this.#nowMs += ms;
  }

  #next(endMs: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  }
}
