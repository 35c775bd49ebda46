import { createDeferred, type Deferred } from "../../async/deferred.ts";
import { Progress, type ProgressEntry, START_LEVELS, startsBelow } from "../progress.ts";
import type { Delivery, Message, Partition, QueueRef, Sink } from "../transport.ts";
import { MESSAGES_PER_TURN } from "./defaults.ts";
import { gone, RECORDED } from "./gone.ts";
import { type GroupHost, settleForGroup } from "./group.ts";
import { giveMessage } from "./message_copy.ts";
import type { QueueState } from "./offset_group.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { Deliverer } from "./turns.ts";

/** One queue while a member of the group holds its lock. Without a journal its marks and commits are on record at once. */
export class OwnedPartition implements Partition, Deliverer {
  readonly queue: QueueRef;
  readonly clientId: string;
  readonly sink: Sink;
  scheduled = false;
  readonly #state: QueueState;
  readonly #host: GroupHost;
  readonly #progress: Progress;
  /** The marks as the earlier owners left them. */
  readonly #inherited: readonly number[];
  /** Starts that wait for earlier messages to start too, since a mark covers a prefix. */
  readonly #waiting = new Map<ProgressEntry, Deferred<void>>();
  /** What is delivered next. */
  #cursor: StoredMessage | undefined;
  #wanted = 0;
  /** Whether it is being handed over: what is under way may still be settled. */
  #draining = false;
  #closed = false;
  readonly #records: Records = {
    start: (entry) => this.#start(entry),
    ack: (entry) => this.#ack(entry),
  };

  constructor(state: QueueState, clientId: string, sink: Sink, host: GroupHost) {
    this.queue = state.queue.ref;
    this.clientId = clientId;
    this.sink = sink;
    this.#state = state;
    this.#host = host;
    this.#progress = new Progress(state.commit);
    this.#inherited = [...state.marks];
    this.#cursor = state.first;
  }

  demand(messages: number): void {
    this.#wanted = messages;
    if (messages > 0 && this.#cursor !== undefined) this.#host.turns.schedule(this);
  }

  held(): boolean {
    return !this.#closed && !this.#draining;
  }

  lost(): boolean {
    return this.#closed;
  }

  lag(): number {
    return this.#state.queue.end - this.#state.commit;
  }

  /** A message was stored in the queue. */
  arrived(stored: StoredMessage): void {
    this.#cursor ??= stored;
    if (this.#wanted > 0) this.#host.turns.schedule(this);
  }

  /** Delivers as many messages as were asked for, some at a time. */
  deliver(): void {
    for (let count = 0; count < MESSAGES_PER_TURN; count++) {
      const stored = this.#cursor;
      if (stored === undefined || this.#wanted <= 0 || !this.held()) return;
      this.#cursor = stored.next;
      this.#wanted--;
      this.sink.deliver(this, this.#delivery(stored));
    }
    this.#host.turns.schedule(this);
  }

  /** Delivers no more: another member shall have the queue. */
  drain(): void {
    this.#draining = true;
  }

  /** Nothing of it is recorded any more. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }

  #delivery(stored: StoredMessage): Delivery {
    const starts = startsBelow(this.#inherited, stored.offset);
    return new OwnedDelivery(stored, this.queue, this.#progress.add(stored.offset, starts), this.#records);
  }

  #start(entry: ProgressEntry): Promise<void> {
    const { offset } = entry;
    const level = Math.min(START_LEVELS, entry.starts + 1);
    entry.started = true;
    if (!this.#closed) {
      this.#mark(level);
      if (this.#marked(level) > offset) return this.#recorded();
    }
    const waiting = createDeferred<void>();
    // Nobody has to await it.
    waiting.promise.catch(() => {});
    if (this.#closed) waiting.reject(gone());
    else this.#waiting.set(entry, waiting);
    return waiting.promise;
  }

  #ack(entry: ProgressEntry): void {
    entry.acked = true;
    if (this.#closed) return;
    this.#commit();
    if (this.#waiting.size === 0) return;
    // A start behind this message may have waited for it to be started or settled.
    for (let level = 1; level <= START_LEVELS; level++) this.#mark(level);
  }

  #commit(): void {
    const state = this.#state;
    const commit = this.#progress.commit();
    if (commit === state.commit) return;
    state.commit = commit;
    this.#host.journal?.progressed(state);
    const { retention } = this.#host;
    const now = retention.now();
    while (state.first !== undefined && state.first.offset < commit) {
      const settled = state.first;
      state.first = settled.next;
      settleForGroup(settled, retention, now);
    }
  }

  #mark(level: number): void {
    const { journal } = this.#host;
    const mark = this.#progress.mark(level);
    if (mark > this.#marked(level)) {
      this.#state.marks[level - 1] = mark;
      journal?.progressed(this.#state);
    }
    if (this.#waiting.size === 0) return;
    for (const [entry, { resolve, reject }] of this.#waiting) {
      if (this.#marked(Math.min(START_LEVELS, entry.starts + 1)) <= entry.offset) continue;
      this.#waiting.delete(entry);
      if (journal === undefined) resolve();
      else this.#recorded().then(resolve, reject);
    }
  }

  /** When what stands in the marks is on record, while the queue is still this member's. */
  #recorded(): Promise<void> {
    const { journal } = this.#host;
    if (journal === undefined) return RECORDED;
    const recorded = journal.recorded().then(() => {
      if (this.#closed) throw gone();
    });
    // Nobody has to await it.
    recorded.catch(() => {});
    return recorded;
  }

  #marked(level: number): number {
    return this.#state.marks[level - 1] ?? 0;
  }
}

/** What deliveries of one partition are recorded by. */
interface Records {
  start(entry: ProgressEntry): Promise<void>;
  ack(entry: ProgressEntry): void;
}

/** One message of the partition. A class: two closures per message cost more than all else of it. */
class OwnedDelivery implements Delivery {
  readonly message: Message;
  readonly queue: QueueRef;
  readonly offset: number;
  readonly storedAtMs: number;
  readonly starts: number;
  readonly #entry: ProgressEntry;
  readonly #records: Records;
  #recorded: Promise<void> | undefined;

  constructor(stored: StoredMessage, queue: QueueRef, entry: ProgressEntry, records: Records) {
    this.message = giveMessage(stored.message);
    this.queue = queue;
    this.offset = stored.offset;
    this.storedAtMs = stored.storedAtMs;
    this.starts = entry.starts;
    this.#entry = entry;
    this.#records = records;
  }

  started(): Promise<void> {
    return this.#recorded ??= this.#records.start(this.#entry);
  }

  ack(): void {
    this.#records.ack(this.#entry);
  }
}
