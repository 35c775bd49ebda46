import type { QueueRef } from "../transport.ts";

/** A queue together with where its broker is: what every request about it needs. */
export interface HeldQueue {
  readonly ref: QueueRef;
  readonly group: string;
  /** The master's `host:port`. */
  readonly address: string;
}

/** What is known of a queue's past when it is taken over. */
export interface QueuePast {
  /** Everything below is settled. */
  readonly commit: number;
  /** Everything below was started once, twice, three times. */
  readonly marks: readonly number[];
  /**
   * Messages stored before this time (broker's clock, epoch milliseconds) may have been started though no mark says
   * so, because a killed broker forgets its last marks. `0` where the marks are known to be complete.
   */
  readonly suspectBeforeMs: number;
  /** Where the queue ended: what lies below is older than its owner. */
  readonly end: number;
}
