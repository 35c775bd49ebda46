import type { InboundCall } from "../src/call/inbound.ts";

/** The bounds of a mailbox. */
export interface MailboxBounds {
  readonly maxCalls: number;
  /** Encoded bytes together; a single larger call still fits an empty mailbox. */
  readonly maxBytes: number;
}

const COMPACT_AFTER = 1_024;

/**
 * The bounded queue of one actor's calls, first in, first out. A full one refuses: it never drops and never
 * grows, and says once when it has room again, at half of its bounds.
 */
export class Mailbox {
  readonly #bounds: MailboxBounds;
  readonly #onRoom: () => void;
  #calls: (InboundCall | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  #refused = false;

  /**
   * @param bounds how much it holds
   * @param onRoom told, after a refusal, when half of it is free
   */
  constructor(bounds: MailboxBounds, onRoom: () => void) {
    this.#bounds = bounds;
    this.#onRoom = onRoom;
  }

  /** Calls that wait. */
  get size(): number {
    return this.#calls.length - this.#head;
  }

  /** Their encoded bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a call, or refuses it with `false`. */
  put(call: InboundCall): boolean {
    const fits = this.size === 0 ||
      (this.size < this.#bounds.maxCalls && this.#bytes + call.bytes <= this.#bounds.maxBytes);
    if (!fits) {
      this.#refused = true;
      return false;
    }
    this.#calls.push(call);
    this.#bytes += call.bytes;
    return true;
  }

  /** The next call, or `undefined`. */
  take(): InboundCall | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#calls[this.#head++] = undefined;
    this.#bytes -= call.bytes;
    if (this.#head === this.#calls.length) {
      this.#calls = [];
      this.#head = 0;
    } else if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#calls.length) {
      // One that is never empty must not grow either.
      this.#calls = this.#calls.slice(this.#head);
      this.#head = 0;
    }
    if (this.#refused && this.size <= this.#bounds.maxCalls / 2 && this.#bytes <= this.#bounds.maxBytes / 2) {
      this.#refused = false;
      // Not from within: whoever takes is about to run a handler.
      queueMicrotask(this.#onRoom);
    }
    return call;
  }
}
