import type { Clock, Timer } from "../src/async/clock.ts";
import { afterOthers, waitingForOthers } from "../src/async/event_loop.ts";

/** One timer of a {@linkcode VirtualClock}. */
interface Entry {
  readonly atMs: number;
  /** Timers that are due at once fire in the order in which they were set. */
  readonly turn: number;
  callback: (() => void) | undefined;
}

/** How far time may be driven. */
export interface DriveOptions {
  /** Fails when more virtual time than this would pass, in milliseconds. Default: 3,600,000, an hour. */
  readonly limitMs?: number | undefined;
}

const LIMIT_MS = 3_600_000;
/**
 * Times are multiples of 1/1,024 ms: those are added and taken from each other without error. Else a timer might come so
 * little too early that the rest of its wait would be no time at all, for ever.
 */
const PARTS_OF_MS = 1_024;
/** 2023-11-14T22:13:20Z: any moment will do, as long as it is the same each time. */
const EPOCH_MS = 1_700_000_000_000;

/**
 * A clock that stands still until it is driven. Give it to systems, clients, brokers and stores; then seconds of
 * timeouts, pauses and graces pass in microseconds, and the same way each time.
 *
 * Before each timer everything that is ready runs: microtasks, and what this library leaves to the event loop. What waits
 * for real input, such as a file or a socket, is not waited for: keep it out of what is driven.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { VirtualClock } from "rocket-actors/testing";
 *
 * const clock = new VirtualClock();
 * let rang = false;
 * clock.after(60_000, () => rang = true);
 * await clock.advance(59_999);
 * assert.equal(rang, false);
 * await clock.advance(1);
 * assert.equal(rang, true);
 * ```
 */
export class VirtualClock implements Clock {
  readonly #epochMs: number;
  #sinceMs = 0;
  #turns = 0;
  /** A heap by time and turn. Cancelled ones stay until they come to its top. */
  readonly #heap: Entry[] = [];
  #waiting = 0;

  /**
   * Stands still.
   *
   * @param epochMs what the wall clock shows at first, epoch milliseconds. Default: 1,700,000,000,000
   */
  constructor(epochMs: number = EPOCH_MS) {
    this.#epochMs = epochMs;
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#waiting;
  }

  /** Wall clock, epoch milliseconds. */
  now(): number {
    return this.#epochMs + this.#sinceMs;
  }

  /** Milliseconds since it was made. */
  monotonic(): number {
    return this.#sinceMs;
  }

  /** Calls `callback` once, when the clock has been driven that far. */
  after(ms: number, callback: () => void): Timer {
    const entry: Entry = { atMs: this.#sinceMs + whole(ms), turn: this.#turns++, callback };
    this.#waiting++;
    push(this.#heap, entry);
    return {
      cancel: () => {
        if (entry.callback === undefined) return;
        entry.callback = undefined;
        this.#waiting--;
      },
    };
  }

  /** Resolves after `ms` milliseconds of this clock. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets `ms` milliseconds pass, with all that becomes due in them. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#sinceMs + whole(ms);
    await idle();
    while (await this.#step(endMs));
    this.#sinceMs = endMs;
  }

  /**
   * Lets time pass until the work is done, and not a moment longer.
   *
   * @returns what the work resolves to
   * @throws {Error} when nothing that this clock drives can happen any more, or the limit has passed; what the work
   * rejects with
   */
  async run<T>(work: PromiseLike<T>, options: DriveOptions = {}): Promise<T> {
    const endMs = this.#sinceMs + (options.limitMs ?? LIMIT_MS);
    let done = false;
    const settle = () => void (done = true);
    work.then(settle, settle);
    await idle();
    while (!done) {
      if (!await this.#step(endMs)) {
        const why = this.#waiting === 0 ? "no timer waits for it" : `it would take beyond ${endMs} ms`;
        throw new Error(`The work does not end: ${why}`);
      }
    }
    return await work;
  }

  /**
   * Lets time pass until no timer waits.
   *
   * @throws {Error} when some still wait at the limit
   */
  async idle(options: DriveOptions = {}): Promise<void> {
    const endMs = this.#sinceMs + (options.limitMs ?? LIMIT_MS);
    await idle();
    while (await this.#step(endMs));
    if (this.#waiting > 0) throw new Error(`${this.#waiting} timers still wait at ${endMs} ms`);
  }

  /** Fires the next timer that is due until then; `false` where there is none. */
  async #step(endMs: number): Promise<boolean> {
    const entry = this.#next(endMs);
    if (entry === undefined) return false;
    const { callback } = entry;
    entry.callback = undefined;
    this.#waiting--;
    this.#sinceMs = Math.max(this.#sinceMs, entry.atMs);
    callback?.();
    await idle();
    return true;
  }

  #next(endMs: number): Entry | undefined {
    for (let [first] = this.#heap; first !== undefined; [first] = this.#heap) {
      if (first.callback !== undefined && first.atMs > endMs) return undefined;
      pop(this.#heap);
      if (first.callback !== undefined) return first;
    }
    return undefined;
  }
}

/** Lets everything run that is ready: all microtasks, and what this library leaves to the event loop. */
async function idle(): Promise<void> {
  do await new Promise<void>((resolve) => afterOthers(resolve)); while (waitingForOthers() > 0);
}

function whole(ms: number): number {
  return Math.ceil(Math.max(0, ms) * PARTS_OF_MS) / PARTS_OF_MS;
}

function before(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.turn < other.turn);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !before(entry, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    let child = heap[below];
    const right = heap[below + 1];
    if (child !== undefined && right !== undefined && before(right, child)) {
      child = right;
      below++;
    }
    if (child === undefined || !before(child, last)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = last;
}
