/**
 * Bytes that many mailboxes share. What does not fit is refused; who was refused is told once when half of it is
 * free, so that a system whose mailboxes are full does not go back and forth over single calls.
 */
export class ByteBudget {
  readonly #maxBytes: number;
  #used = 0;
  readonly #refused = new Set<() => void>();

  /** @param maxBytes how much may be used together; a single larger piece still fits while nothing is used */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#used;
  }

  /** Takes bytes, or refuses with `false` and calls `onRoom` later, once for any number of refusals. */
  take(bytes: number, onRoom: () => void): boolean {
    if (this.#used > 0 && this.#used + bytes > this.#maxBytes) {
      this.#refused.add(onRoom);
      return false;
    }
    this.#used += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#used -= bytes;
    if (this.#refused.size === 0 || this.#used > this.#maxBytes / 2) return;
    // Not from within: whoever gives back is about to run a handler.
    for (const onRoom of this.#refused) queueMicrotask(onRoom);
    this.#refused.clear();
  }
}
