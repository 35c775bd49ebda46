import type { InboundCall } from "../../src/call/inbound.ts";
import { CallQueue } from "./call_queue.ts";
import { type MailboxBounds, Room } from "./room.ts";

/** The bounded queue of one actor's calls. */
export interface Mailbox {
  /** Calls that wait. */
  readonly size: number;
  /** Their encoded bytes. */
  readonly bytes: number;
  /** Whether the call may start at once: nothing is before it. Then it never enters, but is `done` like all others. */
  pass(call: InboundCall): boolean;
  /** Takes a call, or refuses it with `false`; then `onRoom` is called when there is room. */
  put(call: InboundCall): boolean;
  /** The next call that may start, or `undefined`. */
  take(): InboundCall | undefined;
  /** A call that was taken, or let pass, does not run any more. */
  done(call: InboundCall): void;
  /** Whether the call would wait for another one of its own key. */
  blocked(call: InboundCall): boolean;
}

/** A mailbox without keys: first in, first out. */
export class FifoMailbox implements Mailbox {
  readonly #room: Room;
  readonly #queue = new CallQueue();

  /**
   * @param bounds how much it holds
   * @param onRoom told, after a refusal, when half of it is free
   */
  constructor(bounds: MailboxBounds, onRoom: () => void) {
    this.#room = new Room(bounds, onRoom);
  }

  get size(): number {
    return this.#room.calls;
  }
  get bytes(): number {
    return this.#room.bytes;
  }

  pass(_call: InboundCall): boolean {
    return this.#room.calls === 0;
  }

  put(call: InboundCall): boolean {
    if (!this.#room.enter(call)) return false;
    this.#queue.push(call);
    return true;
  }

  take(): InboundCall | undefined {
    const call = this.#queue.shift();
    if (call !== undefined) this.#room.leave(call);
    return call;
  }

  done(_call: InboundCall): void {}

  blocked(_call: InboundCall): boolean {
    return false;
  }

  /** Removes the calls that were given up: their results would be dropped. */
  dropWithdrawn(): void {
    for (let left = this.#queue.size; left > 0; left--) {
      const call = this.#queue.shift();
      if (call === undefined) return;
      if (call.withdrawn) this.#room.leave(call);
      else this.#queue.push(call);
    }
  }
}
