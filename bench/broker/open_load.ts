import type { Window } from "./line.ts";
import { Durations, percentile, percentiles } from "./percentiles.ts";

/** Calls of an open loop that are under way at most: what is due beyond them waits, and its time runs. */
export const MOST_OPEN = 1_024;

/** Where an open loop has its time from. */
export interface Pace {
  /** Milliseconds, with their fractions. */
  now(): number;
  /** Resolves about a millisecond later. */
  tick(): Promise<unknown>;
}

/** What an open loop is driven by. */
export interface OpenLoadOptions {
  /** Calls that begin each second, at even distances. */
  readonly perSecond: number;
  /** One call; rejects when it failed, or brought back what was not sent. */
  readonly call: () => Promise<void>;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Told when the window begins and when it is over. */
  readonly onEvent: (event: "start" | "stop") => void;
  readonly pace: Pace;
}

/**
 * Begins calls at a given rate, and measures those whose time to begin lies in the window: from that time on, not from
 * when they could be begun. Those that never could count with what they have waited when the window is over.
 */
export async function runOpenLoad(options: OpenLoadOptions): Promise<Window> {
  const { pace, onEvent, warmUpMs, measuredMs } = options;
  const load = new OpenLoad(options);
  const begin = pace.now();
  while (pace.now() < begin + warmUpMs) {
    load.beginDue(begin + warmUpMs);
    await pace.tick();
  }
  onEvent("start");
  const from = pace.now();
  const to = begin + warmUpMs + measuredMs;
  load.measure(begin + warmUpMs);
  while (pace.now() < to) {
    load.beginDue(to);
    await pace.tick();
  }
  const { calls } = load;
  const seconds = (pace.now() - from) / 1_000;
  onEvent("stop");
  return { calls, seconds, ...await load.end(to) };
}

class OpenLoad {
  readonly #options: OpenLoadOptions;
  readonly #begin: number;
  readonly #gapMs: number;
  readonly #took = new Durations();
  readonly #late = new Durations();
  readonly #open = new Set<Promise<void>>();
  #from = Infinity;
  #begun = 0;
  #failed = 0;
  #anError = "";
  /** Calls that ended well since the window began. */
  calls = 0;

  constructor(options: OpenLoadOptions) {
    this.#options = options;
    this.#begin = options.pace.now();
    this.#gapMs = 1_000 / options.perSecond;
  }

  /** Calls whose time comes from now on are measured. */
  measure(from: number): void {
    this.#from = from;
    this.calls = 0;
  }

  /** Begins what is due, as far as there is room. */
  beginDue(until: number): void {
    const now = this.#options.pace.now();
    for (let due = this.#nextDue(); due <= now && due < until && this.#open.size < MOST_OPEN;) {
      const call = this.#run(due).finally(() => this.#open.delete(call));
      this.#open.add(call);
      this.#begun++;
      due = this.#nextDue();
    }
  }

  /** Waits for the calls that are under way. */
  async end(to: number): Promise<Omit<Window, "calls" | "seconds">> {
    for (let due = this.#nextDue(); due < to; due = this.#nextDue()) {
      this.#begun++;
      if (due < this.#from) continue;
      this.#took.add(to - due);
      this.#late.add(to - due);
    }
    await Promise.all(this.#open);
    return {
      failed: this.#failed,
      ...percentiles(this.#took),
      lateP99Ms: percentile(this.#late.sorted(), 0.99),
      anError: this.#anError,
    };
  }

  #nextDue(): number {
    return this.#begin + this.#begun * this.#gapMs;
  }

  async #run(due: number): Promise<void> {
    const begun = this.#options.pace.now();
    try {
      await this.#options.call();
      this.calls++;
      if (due < this.#from) return;
      this.#took.add(this.#options.pace.now() - due);
      this.#late.add(begun - due);
    } catch (error) {
      this.#failed++;
      this.#anError = String(error);
    }
  }
}
