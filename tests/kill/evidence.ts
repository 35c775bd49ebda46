import type { Effect } from "./effects.ts";
import type { Entry } from "./journal.ts";
import type { StoredRequest } from "./stored.ts";

/** What is left of a round: what its processes wrote down, what its broker stored, what its handlers did. */
export interface Evidence {
  readonly entries: readonly Entry[];
  readonly requests: readonly StoredRequest[];
  readonly replies: ReadonlyMap<string, readonly string[]>;
  readonly deadLetters: ReadonlyMap<string, string>;
  readonly effects: readonly Effect[];
  readonly total: number;
  /** While somebody was dead, and for as long as it may take to get over it: a deadline that ends then may be missed. */
  readonly outages: readonly Outage[];
}

/** From a death until everything must be well again, epoch milliseconds. */
export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
}
