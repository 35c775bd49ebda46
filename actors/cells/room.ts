import type { InboundCall } from "../../src/call/inbound.ts";
import type { ByteBudget } from "./byte_budget.ts";

/** The bounds of a mailbox. */
export interface MailboxBounds {
  readonly maxCalls: number;
  /** Encoded bytes together; a single larger call still fits an empty mailbox. */
  readonly maxBytes: number;
  /** What it shares with the other mailboxes of its system. */
  readonly budget: ByteBudget;
}

/**
 * How full a mailbox is. A full one refuses: it never drops and never grows, and says once when it has room again, at
 * half of its bounds.
 */
export class Room {
  readonly #bounds: MailboxBounds;
  readonly #onRoom: () => void;
  #calls = 0;
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

  /** Calls in it. */
  get calls(): number {
    return this.#calls;
  }

  /** Their encoded bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts a call in, or refuses it with `false`. */
  enter({ bytes }: InboundCall): boolean {
    const { maxCalls, maxBytes, budget } = this.#bounds;
    if (this.#calls > 0 && (this.#calls >= maxCalls || this.#bytes + bytes > maxBytes)) {
      this.#refused = true;
      return false;
    }
    if (!budget.take(bytes, this.#onRoom)) return false;
    this.#calls++;
    this.#bytes += bytes;
    return true;
  }

  /** Counts a call out. */
  leave({ bytes }: InboundCall): void {
    const { maxCalls, maxBytes, budget } = this.#bounds;
    this.#calls--;
    this.#bytes -= bytes;
    budget.give(bytes);
    if (this.#refused && this.#calls <= maxCalls / 2 && this.#bytes <= maxBytes / 2) {
      this.#refused = false;
      // Not from within: whoever takes is about to run a handler.
      queueMicrotask(this.#onRoom);
    }
  }
}
