/** One message of a span. */
export interface SpanEntry {
  readonly delivery: { readonly offset: number };
  /** Whether nothing is left to do for it. */
  readonly settled: boolean;
}

/**
 * The messages of one partition from the first that is not settled: with one committed offset per queue, that one
 * holds back all behind it. Entries are added in queue order; all steps are amortised O(1).
 */
export class Span<E extends SpanEntry> {
  #entries: E[] = [];
  #head = 0;
  #open = 0;
  /** The last place of which is known that it is settled. */
  #lastSettled = -1;

  /** Messages that are not settled. */
  get open(): number {
    return this.#open;
  }

  /** How many places of the queue lie from the first message that is not settled to the last one. */
  get width(): number {
    const first = this.head;
    const last = this.#entries.at(-1);
    return first === undefined || last === undefined ? 0 : last.delivery.offset - first.delivery.offset + 1;
  }

  /** The first message that is not settled. */
  get head(): E | undefined {
    return this.#entries[this.#head];
  }

  /** Whether messages behind that one are settled, and cannot be committed because of it. */
  holdsBack({ settled, delivery: { offset } }: E): boolean {
    return !settled && offset < this.#lastSettled;
  }

  /** Adds a message, in queue order. */
  add(entry: E): void {
    this.#entries.push(entry);
    this.#open++;
  }

  /** One of its messages has been settled. */
  settled({ delivery: { offset } }: E): void {
    this.#open--;
    if (offset > this.#lastSettled) this.#lastSettled = offset;
    while (this.#entries[this.#head]?.settled) this.#head++;
    if (this.#head === this.#entries.length) {
      this.#entries = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
