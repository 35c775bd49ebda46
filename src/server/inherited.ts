import type { Delivery } from "../transport/transport.ts";
import type { BrokerClock } from "./broker_clock.ts";
import { SPAN_LIMIT } from "./defaults.ts";

/**
 * Which messages of a partition were stored before this instance had it. Marks cover a prefix, and so does the commit:
 * an earlier owner may have answered such a message behind one that it had not started. All that is on record of that is
 * the answer. A look-up for each is bounded by how far an owner reads ahead of what it has settled.
 */
export class Inherited {
  readonly #clock: Pick<BrokerClock, "toLocal">;
  /** When the instance got the queue, by its own clock; `undefined` once something younger has come. */
  #sinceMs: number | undefined;
  /** Where an earlier owner cannot have come to: it had no more than so many unsettled ones. */
  #end: number | undefined;

  /**
   * @param sinceMs when this instance got the queue, epoch milliseconds; `undefined` where queues have no owner
   * @param clock the broker's
   */
  constructor(sinceMs: number | undefined, clock: Pick<BrokerClock, "toLocal">) {
    this.#sinceMs = sinceMs;
    this.#clock = clock;
  }

  /**
   * Whether an earlier owner may have answered the message. To be asked in queue order.
   *
   * @param nowMs this machine's clock, epoch milliseconds
   */
  holds({ storedAtMs, offset }: Pick<Delivery, "storedAtMs" | "offset">, nowMs: number): boolean {
    if (this.#sinceMs === undefined) return false;
    this.#end ??= offset + SPAN_LIMIT;
    if (offset < this.#end && this.#clock.toLocal(storedAtMs, nowMs) < this.#sinceMs) return true;
    this.#sinceMs = undefined;
    return false;
  }
}
