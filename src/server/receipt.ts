import type { Delivery } from "../transport/transport.ts";

/** Settles a message when the last of its calls is settled. */
export class Receipt {
  readonly delivery: Delivery;
  /** How many calls it carries. */
  readonly calls: number;
  /** When it was received, by the clock's monotonic time. */
  readonly receivedAtMs: number;
  /** Since when calls of it run, as far as a look at them has seen. */
  begunAtMs: number | undefined;
  #open: number;
  readonly #onSettled: () => void;

  /**
   * @param delivery the message
   * @param calls how many calls it carries
   * @param onSettled told once, when nothing is left to do for it here
   * @param receivedAtMs when it was received, by the clock's monotonic time
   */
  constructor(delivery: Delivery, calls: number, onSettled: () => void, receivedAtMs = 0) {
    this.delivery = delivery;
    this.calls = calls;
    this.receivedAtMs = receivedAtMs;
    this.#open = calls;
    this.#onSettled = onSettled;
  }

  /** Whether nothing is left to do for the message here. */
  get settled(): boolean {
    return this.#open <= 0;
  }

  /** One call of the message is settled. */
  done(): void {
    if (--this.#open !== 0) return;
    this.delivery.ack();
    this.#onSettled();
  }

  /** The only call of the message is to be delivered again after that time, in milliseconds. */
  giveBack(ms: number): void {
    if (this.settled) return;
    this.#open = 0;
    this.delivery.retryLater?.(ms);
    this.#onSettled();
  }
}

/** What stands for the message of a call whose message is settled already. */
export function noReceipt(delivery: Delivery): Receipt {
  return new Receipt(delivery, 0, () => {});
}
