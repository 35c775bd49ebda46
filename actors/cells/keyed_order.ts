import type { InboundCall } from "../../src/call/inbound.ts";
import { CallQueue } from "./call_queue.ts";
import type { Mailbox } from "./mailbox.ts";
import { type MailboxBounds, Room } from "./room.ts";

/**
 * The mailbox of a function whose calls have keys: one call of a key at a time and in order, keys beside one another.
 * A call whose key is at work waits in that key's line and holds up nobody else; all lines share the bounds.
 */
export class KeyedOrder implements Mailbox {
  readonly #room: Room;
  /** The next call of every key that is free, and calls without a key. */
  readonly #ready = new CallQueue();
  /** By key that is ready or at work: the calls behind it; `undefined` where there are none. */
  readonly #lines = new Map<string, CallQueue | undefined>();

  /**
   * @param bounds how much it holds, over all keys
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
  /** Keys that are ready or at work. */
  get keys(): number {
    return this.#lines.size;
  }

  pass({ key }: InboundCall): boolean {
    if (this.#ready.size > 0) return false;
    if (key === undefined) return true;
    if (this.#lines.has(key)) return false;
    this.#lines.set(key, undefined);
    return true;
  }

  put(call: InboundCall): boolean {
    if (!this.#room.enter(call)) return false;
    const { key } = call;
    if (key === undefined || !this.#lines.has(key)) {
      if (key !== undefined) this.#lines.set(key, undefined);
      this.#ready.push(call);
      return true;
    }
    const line = this.#lines.get(key) ?? new CallQueue();
    if (line.size === 0) this.#lines.set(key, line);
    line.push(call);
    return true;
  }

  take(): InboundCall | undefined {
    const call = this.#ready.shift();
    if (call !== undefined) this.#room.leave(call);
    return call;
  }

  done({ key }: InboundCall): void {
    if (key === undefined) return;
    const next = this.#lines.get(key)?.shift();
    if (next === undefined) this.#lines.delete(key);
    else this.#ready.push(next);
  }

  blocked({ key }: InboundCall): boolean {
    return key !== undefined && this.#lines.has(key);
  }
}
