import type { Delivery, Partition, QueueRef, Sink } from "../transport.ts";
import { gone } from "./gone.ts";
import { giveMessage } from "./message_copy.ts";
import type { Handout, SharedQueue } from "./shared_queue.ts";

/** Who keeps account of what is delivered and not settled. */
export interface Ledger {
  /** The message is settled. */
  settle(handout: Handout): void;
  /** The message is to be delivered again after a time. */
  giveBack(handout: Handout, ms: number): void;
  /** Resolves when what was delivered so far is on record. */
  recorded(): Promise<void>;
}

/** What one member takes from a queue that it shares with its group. */
export class SharedPartition implements Partition {
  readonly queue: QueueRef;
  readonly clientId: string;
  readonly sink: Sink;
  readonly #shared: SharedQueue;
  readonly #ledger: Ledger;
  #wanted = 0;
  /** Whether its member leaves: what is under way may still be settled. */
  #draining = false;
  #closed = false;

  constructor(shared: SharedQueue, clientId: string, sink: Sink, ledger: Ledger) {
    this.queue = shared.queue.ref;
    this.clientId = clientId;
    this.sink = sink;
    this.#shared = shared;
    this.#ledger = ledger;
  }

  /** Whether it takes messages now. */
  get wanting(): boolean {
    return this.#wanted > 0 && this.held();
  }

  demand(messages: number): void {
    this.#wanted = messages;
    if (this.wanting) this.#shared.wake();
  }

  held(): boolean {
    return !this.#closed && !this.#draining;
  }

  lost(): boolean {
    return this.#closed;
  }

  /** Delivers one message. */
  deliver(handout: Handout): void {
    this.#wanted--;
    this.sink.deliver(this, this.#delivery(handout));
  }

  /** Delivers no more: its member leaves. */
  drain(): void {
    this.#draining = true;
  }

  /** Nothing more is delivered, and nothing of it is recorded any more. */
  close(): void {
    this.#closed = true;
  }

  #delivery(handout: Handout): Delivery {
    const { stored, starts } = handout;
    // Once the broker has taken the message back, this delivery is not the one that counts.
    const current = () => !this.#closed && handout.holder === this && handout.starts === starts;
    let recorded: Promise<void> | undefined;
    return {
      message: giveMessage(stored.message),
      queue: this.queue,
      offset: stored.offset,
      storedAtMs: stored.storedAtMs,
      starts,
      started: () => recorded ??= this.#started(),
      ack: () => {
        if (current()) this.#ledger.settle(handout);
      },
      retryLater: (ms) => {
        if (!(ms >= 0 && Number.isFinite(ms))) {
          throw new RangeError(
            `Cannot retry later: the time must be a number from 0 on: current value is ${ms}`,
          );
        }
        if (current()) this.#ledger.giveBack(handout, ms);
      },
    };
  }

  /** The delivery itself is the record. */
  #started(): Promise<void> {
    if (!this.#closed) return this.#ledger.recorded();
    const refused = Promise.reject(gone());
    refused.catch(() => {});
    return refused;
  }
}
