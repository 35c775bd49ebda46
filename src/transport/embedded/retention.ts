import type { Clock } from "../../async/clock.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { UNCONSUMED_SHARE } from "./defaults.ts";
import { LinkedList } from "../../collections/linked_list.ts";
import type { StoredMessage } from "./stored_message.ts";

/** How much an embedded broker keeps. */
export interface RetentionLimits {
  readonly messages: number;
  readonly bytes: number;
  /** How long a settled message is kept, in milliseconds. */
  readonly settledMs: number;
}

/**
 * What the broker keeps, over all its topics. Settled messages make room for others, oldest first, and go when they are
 * old: whenever something happens on the broker, so that an idle one holds no timer. Unsettled ones are never dropped:
 * what would need their room is refused. A tenth beyond the bounds is there for what nobody settles (replies and dead
 * letters), because without these nothing of a full broker could ever be settled.
 */
export class Retention {
  readonly #limits: RetentionLimits;
  readonly #clock: () => Clock;
  readonly #onDrop: (stored: StoredMessage) => void;
  /** In the order in which they were settled. */
  readonly #settled = new LinkedList<StoredMessage>();
  #settledBytes = 0;
  #messages = 0;
  #bytes = 0;
  #refused = 0;

  /**
   * @param limits how much is kept
   * @param clock asked for each step: a broker may get its clock late
   * @param onDrop told of every message that is dropped
   */
  constructor(limits: RetentionLimits, clock: () => Clock, onDrop: (stored: StoredMessage) => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onDrop = onDrop;
  }

  /** Messages that are kept, with those that are held back. */
  get messages(): number {
    return this.#messages;
  }

  /** What they take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages that were refused for want of room. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Makes room for a message that somebody will settle, and counts it.
   *
   * @throws {RpcError} `resource_exhausted` / `not_sent` when unsettled messages take all the room
   */
  reserve(bytes: number): void {
    const { messages, bytes: maxBytes } = this.#limits;
    const unsettled = this.#messages - this.#settled.size;
    if (unsettled >= messages || this.#bytes - this.#settledBytes + bytes > maxBytes) {
      this.#refused++;
      const message = `The embedded broker is full: nobody settles its ${unsettled} messages`;
      throw new RpcError("resource_exhausted", message, { outcome: "not_sent" });
    }
    while (this.#settled.first !== undefined && !this.#fits(1, bytes)) this.#drop(this.#settled.first);
    this.#messages++;
    this.#bytes += bytes;
  }

  /** Makes room for a message that nobody will settle, and counts it. */
  reserveUnconsumed(bytes: number): void {
    this.#trim(1, bytes);
    this.#messages++;
    this.#bytes += bytes;
  }

  /** Counts a message that was kept before the broker was, and drops of the settled ones what would have been dropped then. */
  restore(stored: StoredMessage, settledAtMs: number): void {
    this.#messages++;
    this.#bytes += stored.bytes;
    if (stored.open > 0) stored.queue.unsettled.append(stored);
    else this.keep(stored, settledAtMs);
    this.#expire(this.now());
    this.#trim();
  }

  /** Counts a message that was held back before the broker was. */
  restoreHeldBack(bytes: number): void {
    this.#messages++;
    this.#bytes += bytes;
    this.#trim();
  }

  /** Takes back a reservation. */
  release(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
  }

  /** The time, for {@linkcode Retention.settle}: read once for many messages. */
  now(): number {
    return this.#clock().monotonic();
  }

  /** The last group has settled a message of a queue. */
  settle(stored: StoredMessage, now: number): void {
    stored.queue.unsettled.remove(stored);
    this.keep(stored, now);
  }

  /** Keeps a message that is settled and in no queue. */
  keep(stored: StoredMessage, now: number): void {
    stored.settledAtMs = now;
    this.#settled.append(stored);
    this.#settledBytes += stored.bytes;
    this.#expire(now);
  }

  /** Puts a settled message back into its queue, behind all others there: a group came that has not seen it. */
  reopen(stored: StoredMessage): void {
    this.#settled.remove(stored);
    this.#settledBytes -= stored.bytes;
    stored.queue.unsettled.append(stored);
  }

  /** The settled messages, in the order in which they were settled. */
  settled(): Iterable<StoredMessage> {
    this.#expire(this.now());
    return this.#settled;
  }

  /** Forgets everything. */
  clear(): void {
    for (const stored of this.#settled) this.#drop(stored);
    this.#messages = this.#bytes = 0;
  }

  /** Drops settled messages, oldest first, until the bounds are kept with what is to come, or a tenth of them is left. */
  #trim(messages = 0, bytes = 0): void {
    const most = this.#limits.messages * UNCONSUMED_SHARE;
    const maxBytes = this.#limits.bytes * UNCONSUMED_SHARE;
    while (this.#settled.first !== undefined && !this.#fits(messages, bytes)) {
      if (this.#settled.size + messages < most + 1 && this.#settledBytes + bytes <= maxBytes) break;
      this.#drop(this.#settled.first);
    }
  }

  #fits(messages: number, bytes: number): boolean {
    return this.#messages + messages <= this.#limits.messages && this.#bytes + bytes <= this.#limits.bytes;
  }

  #expire(now: number): void {
    const { settledMs } = this.#limits;
    while (this.#settled.first !== undefined && now - this.#settled.first.settledAtMs >= settledMs) {
      this.#drop(this.#settled.first);
    }
  }

  #drop(stored: StoredMessage): void {
    this.#settled.remove(stored);
    this.#settledBytes -= stored.bytes;
    this.release(stored.bytes);
    this.#onDrop(stored);
  }
}
