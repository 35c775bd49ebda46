import type { Partition, QueueRef, Sink } from "../transport.ts";
import type { GrpcDelivery } from "./delivery.ts";

/** Who fills a partition. */
export interface PartitionHost {
  readonly sink: Sink;
  /** The partition may take more than before. */
  wanted(): void;
  /** So many messages that were held for it are not any more. */
  released(messages: number): void;
}

/**
 * What one member takes of the messages that were sent to a queue. All of a broker's messages come by one receive, so
 * that some may come for a partition that wants none: those are held here, in their order.
 */
export class GrpcPartition implements Partition {
  readonly queue: QueueRef;
  readonly #host: PartitionHost;
  #wanted = 0;
  #held: GrpcDelivery[] = [];
  #scheduled = false;
  /** Whether its member leaves: what is under way may still be settled. */
  #draining = false;
  #closed = false;

  constructor(queue: QueueRef, host: PartitionHost) {
    this.queue = queue;
    this.#host = host;
  }

  /** How many more messages it takes. */
  get wanted(): number {
    return this.#draining ? 0 : this.#wanted;
  }

  demand(messages: number): void {
    this.#wanted = Math.max(0, messages);
    if (this.wanted === 0) return;
    if (this.#held.length === 0) this.#host.wanted();
    else if (!this.#scheduled) {
      // Not at once: what is asked for last counts.
      this.#scheduled = true;
      queueMicrotask(() => this.#deliverHeld());
    }
  }

  held(): boolean {
    return !this.#closed && !this.#draining;
  }

  lost(): boolean {
    return this.#closed;
  }

  /**
   * Takes a message, now or when it is wanted.
   *
   * @returns whether it is held
   */
  offer(delivery: GrpcDelivery): boolean {
    if (this.wanted > 0 && this.#held.length === 0) {
      this.#deliver(delivery);
      return false;
    }
    this.#held.push(delivery);
    return true;
  }

  /** Delivers no more: its member leaves. */
  drain(): void {
    this.#draining = true;
  }

  /** Nothing of it counts any more. What is held goes. */
  close(): void {
    this.#closed = true;
    this.#host.released(this.#held.length);
    this.#held = [];
  }

  #deliverHeld(): void {
    this.#scheduled = false;
    let taken = 0;
    while (this.wanted > 0 && taken < this.#held.length) {
      const delivery = this.#held[taken++];
      // Its time may have passed while it was held.
      if (delivery?.current) this.#deliver(delivery);
    }
    this.#held.splice(0, taken);
    this.#host.released(taken);
    if (this.wanted > 0) this.#host.wanted();
  }

  #deliver(delivery: GrpcDelivery): void {
    this.#wanted--;
    this.#host.sink.deliver(this, delivery);
  }
}
