import type { InboundCall } from "../../src/call/inbound.ts";

const COMPACT_AFTER = 1_024;

/** Calls in the order in which they came. Grows and shrinks with what it holds; who fills it keeps the bounds. */
export class CallQueue {
  #calls: (InboundCall | undefined)[] = [];
  #head = 0;

  /** Calls in it. */
  get size(): number {
    return this.#calls.length - this.#head;
  }

  /** Adds a call at the end. */
  push(call: InboundCall): void {
    this.#calls.push(call);
  }

  /** Takes the first call, or `undefined`. */
  shift(): InboundCall | undefined {
    const call = this.#calls[this.#head];
    if (call === undefined) return undefined;
    this.#calls[this.#head++] = undefined;
    if (this.#head === this.#calls.length) {
      this.#calls = [];
      this.#head = 0;
    } else if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#calls.length) {
      // One that is never empty must not grow either.
      this.#calls = this.#calls.slice(this.#head);
      this.#head = 0;
    }
    return call;
  }
}
