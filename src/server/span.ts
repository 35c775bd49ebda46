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

  /** Whether messages behind the first one are settled, and cannot be committed because of it. */
  get heldBack(): boolean {
    return this.#entries.length - this.#head > this.#open;
  }

  /** Adds a message, in queue order. */
  add(entry: E): void {
    this.#entries.push(entry);
    this.#open++;
  }

  /** One of its messages has been settled. */
  settled(): void {
    this.#open--;
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
