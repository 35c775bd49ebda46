import { Progress, startsBelow } from "../progress.ts";
import type { Delivery, Partition, QueueRef } from "../transport.ts";
import type { GroupMember, QueueState } from "./group.ts";
import type { StoredMessage, StoredQueue } from "./stored_queue.ts";

/** One queue while a member of the group owns it. Marks and commits are on record at once. */
export class EmbeddedPartition implements Partition {
  readonly queue: QueueRef;
  readonly #stored: StoredQueue;
  readonly #state: QueueState;
  readonly #member: GroupMember;
  readonly #wake: () => void;
  readonly #progress: Progress;
  /** The marks as the earlier owners left them. */
  readonly #inherited: readonly number[];
  #wanted = 0;
  #closed = false;

  constructor(
    queue: QueueRef,
    stored: StoredQueue,
    state: QueueState,
    member: GroupMember,
    wake: () => void,
  ) {
    this.queue = queue;
    this.#stored = stored;
    this.#state = state;
    this.#member = member;
    this.#wake = wake;
    this.#progress = new Progress(state.commit);
    this.#inherited = [...state.marks];
  }

  /** The member that owns it. */
  get clientId(): string {
    return this.#member.clientId;
  }

  demand(messages: number): void {
    this.#wanted = messages;
    if (messages > 0 && this.#progress.next < this.#stored.end) this.#wake();
  }

  held(): boolean {
    return !this.#closed;
  }

  /** Delivers as many messages as were asked for. */
  deliver(): void {
    while (this.#wanted > 0 && !this.#closed) {
      const stored = this.#stored.at(this.#progress.next);
      if (stored === undefined) return;
      this.#wanted--;
      this.#member.sink.deliver(this, this.#delivery(stored));
    }
  }

  /** Drains it through its owner and closes it. */
  async handOver(): Promise<void> {
    await this.#member.sink.revoked(this);
    this.close();
  }

  /** Nothing of it is recorded any more. */
  close(): void {
    this.#closed = true;
  }

  #delivery(stored: StoredMessage): Delivery {
    const starts = startsBelow(this.#inherited, stored.offset);
    const entry = this.#progress.add(stored.offset, starts);
    return {
      message: stored.message,
      queue: this.queue,
      offset: stored.offset,
      storedAtMs: stored.storedAtMs,
      starts,
      started: () => {
        entry.started = true;
        this.#record();
        return DONE;
      },
      ack: () => {
        entry.acked = true;
        this.#record();
      },
    };
  }

  #record(): void {
    if (this.#closed) return;
    const { marks } = this.#state;
    for (const level of [1, 2, 3] as const) {
      marks[level - 1] = Math.max(marks[level - 1] ?? 0, this.#progress.mark(level));
    }
    this.#state.commit = this.#progress.commit();
    this.#stored.settle(this.#state.commit);
  }
}

const DONE: Promise<void> = Promise.resolve();
