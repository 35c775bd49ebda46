import { createDeferred, type Deferred } from "../../async/deferred.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { Progress, type ProgressEntry, START_LEVELS, startsBelow } from "../progress.ts";
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
  /** Starts that wait for earlier messages to start too, since a mark covers a prefix. */
  readonly #waiting = new Map<ProgressEntry, Deferred<void>>();
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
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }

  #delivery(stored: StoredMessage): Delivery {
    const starts = startsBelow(this.#inherited, stored.offset);
    const entry = this.#progress.add(stored.offset, starts);
    let recorded: Promise<void> | undefined;
    return {
      message: stored.message,
      queue: this.queue,
      offset: stored.offset,
      storedAtMs: stored.storedAtMs,
      starts,
      started: () => {
        if (recorded === undefined) {
          recorded = this.#start(entry);
          // Nobody has to await it.
          recorded.catch(() => {});
        }
        return recorded;
      },
      ack: () => {
        entry.acked = true;
        this.#record();
      },
    };
  }

  #start(entry: ProgressEntry): Promise<void> {
    if (this.#closed) return Promise.reject(gone());
    entry.started = true;
    this.#record();
    if (this.#covers(entry)) return DONE;
    const waiting = createDeferred<void>();
    this.#waiting.set(entry, waiting);
    return waiting.promise;
  }

  #covers({ starts, offset }: ProgressEntry): boolean {
    return (this.#state.marks[Math.min(starts, START_LEVELS - 1)] ?? 0) > offset;
  }

  #record(): void {
    if (this.#closed) return;
    const { marks } = this.#state;
    for (const level of [1, 2, 3] as const) {
      marks[level - 1] = Math.max(marks[level - 1] ?? 0, this.#progress.mark(level));
    }
    this.#state.commit = this.#progress.commit();
    this.#stored.settle(this.#state.commit);
    if (this.#waiting.size === 0) return;
    for (const [entry, { resolve }] of this.#waiting) {
      if (!this.#covers(entry)) continue;
      this.#waiting.delete(entry);
      resolve();
    }
  }
}

function gone(): RpcError {
  return new RpcError("unavailable", "The partition is no longer this instance's", {
    outcome: "sent_unknown",
  });
}

const DONE: Promise<void> = Promise.resolve();
