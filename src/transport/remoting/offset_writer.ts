/** Someone who waits until the broker has recorded at least an offset. */
interface Waiter {
  readonly offset: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes one (group, queue) offset. Brokers handle offset writes of one connection out of order, so at most one is
 * unanswered; meanwhile only the newest value waits.
 */
export class OffsetWriter {
  readonly #write: (offset: number) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #wanted: number;
  #recorded: number;
  #writing = false;
  #closed: unknown;
  #waiters: Waiter[] = [];

  /**
   * @param recorded what the broker has
   * @param write records an offset
   * @param onFailure told once when a write fails; the writer is closed by then
   */
  constructor(
    recorded: number,
    write: (offset: number) => Promise<void>,
    onFailure: (error: unknown) => void,
  ) {
    this.#wanted = recorded;
    this.#recorded = recorded;
    this.#write = write;
    this.#onFailure = onFailure;
  }

  /** What the broker has confirmed. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Whether somebody waits for an offset to be recorded. */
  get waiting(): boolean {
    return this.#waiters.length > 0;
  }

  /** Notes that the broker learnt an offset by another way. */
  noteRecorded(offset: number): void {
    this.#recorded = Math.max(this.#recorded, offset);
    this.#wanted = Math.max(this.#wanted, offset);
  }

  /** Asks for an offset to be recorded; lower ones than before are ignored. */
  advance(offset: number): void {
    this.#wanted = Math.max(this.#wanted, offset);
    if (!this.#writing && this.#closed === undefined) void this.#drain();
  }

  /** Resolves once at least that offset is recorded. Rejects when the writer is closed first. */
  reached(offset: number): Promise<void> {
    if (this.#recorded >= offset) return Promise.resolve();
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => this.#waiters.push({ offset, resolve, reject }));
  }

  /** Writes nothing more, and rejects who waits. */
  close(reason: unknown): void {
    this.#closed ??= reason;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason);
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#wanted > this.#recorded && this.#closed === undefined) {
        const offset = this.#wanted;
        await this.#write(offset);
        this.#recorded = Math.max(this.#recorded, offset);
        this.#wake();
      }
    } catch (error) {
      if (this.#closed !== undefined) return;
      this.close(error);
      this.#onFailure(error);
    } finally {
      this.#writing = false;
    }
  }

  #wake(): void {
    const due = this.#waiters.filter(({ offset }) => offset <= this.#recorded);
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter(({ offset }) => offset > this.#recorded);
    for (const waiter of due) waiter.resolve();
  }
}
