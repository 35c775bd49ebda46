/** How many starts of a message are told apart. */
export const START_LEVELS = 3;

/** One message of a partition between its delivery and its settlement. */
export interface ProgressEntry {
  readonly offset: number;
  /** How often earlier owners may have started it. */
  readonly starts: number;
  started: boolean;
  acked: boolean;
}

/**
 * What has been started and settled of one queue, as the two kinds of offset that a broker can keep: the commit
 * (everything below is settled) and, for each level from 1 to 3, the mark (everything below was started that
 * often, or is settled). Entries are added in queue order; all steps are amortised O(1).
 */
export class Progress {
  #entries: ProgressEntry[] = [];
  #head = 0;
  #next: number;
  readonly #cursors: number[] = [0, 0, 0];

  /** @param from the committed offset, where reading begins */
  constructor(from: number) {
    this.#next = from;
  }

  /** Messages that were received and are not below the commit. */
  get open(): number {
    return this.#entries.length - this.#head;
  }

  /** The next offset to be received. */
  get next(): number {
    return this.#next;
  }

  /** Adds a message, in queue order. */
  add(offset: number, starts: number): ProgressEntry {
    const entry = { offset, starts, started: false, acked: false };
    this.#entries.push(entry);
    this.#next = offset + 1;
    return entry;
  }

  /** Notes that reading went on to `offset` though the last message lies before it: nothing is there to settle. */
  skipTo(offset: number): void {
    this.#next = Math.max(this.#next, offset);
  }

  /** The offset below which everything is settled. */
  commit(): number {
    while (this.#entries[this.#head]?.acked) this.#head++;
    if (this.#head > 1_024 && this.#head * 2 > this.#entries.length) this.#compact();
    return this.#entries[this.#head]?.offset ?? this.#next;
  }

  /** The offset below which every message was started at least `level` times, or is settled. */
  mark(level: number): number {
    let cursor = Math.max(this.#cursors[level - 1] ?? 0, this.#head);
    for (; cursor < this.#entries.length; cursor++) {
      const entry = this.#entries[cursor];
      if (entry === undefined || (!entry.acked && entry.starts + (entry.started ? 1 : 0) < level)) break;
    }
    this.#cursors[level - 1] = cursor;
    return this.#entries[cursor]?.offset ?? this.#next;
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head);
    for (let level = 0; level < START_LEVELS; level++) {
      this.#cursors[level] = Math.max(0, (this.#cursors[level] ?? 0) - this.#head);
    }
    this.#head = 0;
  }
}

/** How often a message at `offset` may have been started, by the marks that earlier owners left. */
export function startsBelow(marks: readonly number[], offset: number): number {
  let starts = 0;
  for (const mark of marks) if (mark > offset) starts++;
  return starts;
}
