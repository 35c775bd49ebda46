import type { Delivery } from "../transport/transport.ts";

/** Settles a message when the last of its calls is settled. */
export class Receipt {
  readonly delivery: Delivery;
  #open: number;
  readonly #onSettled: () => void;

  /**
   * @param delivery the message
   * @param calls how many calls it carries
   * @param onSettled told once, after the message was acknowledged
   */
  constructor(delivery: Delivery, calls: number, onSettled: () => void) {
    this.delivery = delivery;
    this.#open = calls;
    this.#onSettled = onSettled;
  }

  /** One call of the message is settled. */
  done(): void {
    if (--this.#open !== 0) return;
    this.delivery.ack();
    this.#onSettled();
  }
}
