import type { Message } from "../transport.ts";

/** A message as the embedded broker keeps it: a copy of its own, shared with nobody. */
export interface StoredMessage {
  readonly message: Message;
  readonly offset: number;
  readonly storedAtMs: number;
}

/** Settled messages that a queue keeps for whoever looks: twice as many push it back to these. */
const RETAINED_MESSAGES = 1_000;
/** Bytes of settled messages that a queue keeps: twice as many push it back to these. */
const RETAINED_BYTES = 4 * 1024 * 1024;

/** One queue of the embedded broker: an append-only log whose settled beginning is dropped by and by. */
export class StoredQueue {
  #log: StoredMessage[] = [];
  #base = 0;
  #settledBelow = 0;
  #bytes = 0;
  #settledBytes = 0;

  /** The offset that the next message gets. */
  get end(): number {
    return this.#base + this.#log.length;
  }

  /** Messages kept. */
  get size(): number {
    return this.#log.length;
  }

  /** Bytes of the bodies kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that are not settled. */
  get unsettled(): number {
    return this.end - this.#settledBelow;
  }

  /** Appends a message and returns it as stored. */
  append(message: Message, storedAtMs: number): StoredMessage {
    const stored = { message, offset: this.end, storedAtMs };
    this.#log.push(stored);
    this.#bytes += message.body.length;
    return stored;
  }

  /** The message at that offset, or `undefined` where there is none yet or no longer. */
  at(offset: number): StoredMessage | undefined {
    return this.#log[offset - this.#base];
  }

  /** All messages kept, oldest first. */
  messages(): readonly StoredMessage[] {
    return this.#log;
  }

  /** Notes that everything below `offset` is settled, and drops what retention does not keep. */
  settle(offset: number): void {
    for (; this.#settledBelow < offset; this.#settledBelow++) {
      this.#settledBytes += this.at(this.#settledBelow)?.message.body.length ?? 0;
    }
    let settled = this.#settledBelow - this.#base;
    if (settled <= 2 * RETAINED_MESSAGES && this.#settledBytes <= 2 * RETAINED_BYTES) return;
    let drop = 0;
    for (; settled > RETAINED_MESSAGES || this.#settledBytes > RETAINED_BYTES; settled--) {
      const bytes = this.#log[drop]?.message.body.length ?? 0;
      this.#settledBytes -= bytes;
      this.#bytes -= bytes;
      drop++;
    }
    this.#log.splice(0, drop);
    this.#base += drop;
  }
}
