import { Backoff } from "../../async/backoff.ts";
import type { Clock, Timer } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import type { Random } from "../../async/random.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import type { StoredMessage } from "../../rocketmq/client/message.ts";
import { updateOffset } from "../../rocketmq/client/offsets.ts";
import { Progress, type ProgressEntry, START_LEVELS, startsBelow } from "../progress.ts";
import type { Delivery, Partition, QueueRef } from "../transport.ts";
import {
  BEYOND_END_PAUSE_MS,
  COMMIT_AFTER_MS,
  PULL_MESSAGES,
  PULL_RETRY_MS,
  PULLS_BEYOND_END,
  REQUEST_TIMEOUT_MS,
} from "./defaults.ts";
import { retryAfterMs } from "./errors.ts";
import { heldPull } from "./held_pull.ts";
import type { HeldQueue, QueuePast } from "./held_queue.ts";
import { LateStarts } from "./late_starts.ts";
import { toMessage } from "./messages.ts";
import { sideGroups } from "./names.ts";
import { OffsetWriter } from "./offset_writer.ts";

/** What a partition needs from whoever holds its lock. */
export interface PartitionKeeper {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether the broker answered recently enough for the lock to be believed. Reports the loss if not. */
  held(queue: HeldQueue): boolean;
  /** The broker answered a request of that time: what it said then can be acted on. */
  answered(askedAt: number): void;
  deliver(partition: Partition, delivery: Delivery): void;
  /** The partition cannot go on: it is to be given up as lost. */
  failed(queue: HeldQueue, reason: string): void;
  /** The same, and what is known of the queue's past is void: the broker has lost its newest messages. */
  shortened(queue: HeldQueue, reason: string): void;
}

const log = logger("partition");
const NOT_AWAITED = Promise.resolve();

/** One queue of a class topic while this instance holds its lock: pulls, marks, commits. */
export class RemotingPartition implements Partition {
  readonly #held: HeldQueue;
  readonly #past: QueuePast;
  readonly #keeper: PartitionKeeper;
  readonly #progress: Progress;
  readonly #commits: OffsetWriter;
  readonly #marks: readonly OffsetWriter[];
  readonly #lateStarts: LateStarts;
  readonly #stop = new AbortController();
  #credit = 0;
  /** Pulls in a row that the broker answered with an end before this partition's next offset. */
  #beyondEnd = 0;
  /** Where the queue ended at the last pull. */
  #end = 0;
  #wake: (() => void) | undefined;
  #commitTimer: Timer | undefined;
  #closed = false;
  /** Whether the queue is no longer this instance's: after this nothing is written. */
  #released = false;

  constructor(held: HeldQueue, past: QueuePast, keeper: PartitionKeeper) {
    this.#held = held;
    this.#past = past;
    this.#keeper = keeper;
    this.#progress = new Progress(past.commit);
    this.#commits = this.#writer(held.group, past.commit);
    this.#marks = past.marks.map((mark, index) => this.#writer(sideGroups.mark(held.group, index + 1), mark));
    const [first] = this.#marks;
    const record = () => first && this.#advanceMark(1, first);
    const queue = { commit: () => this.#progress.commit(), mark: () => this.#markAt(1), record };
    this.#lateStarts = new LateStarts(queue, keeper.clock);
  }

  get queue(): QueueRef {
    return this.#held.ref;
  }

  /** What a later owner has to know, this instance included: at least what the broker has. */
  past(): QueuePast {
    const marks = this.#past.marks.map((mark, index) => Math.max(mark, this.#markAt(index + 1)));
    return { ...this.#past, commit: this.#progress.commit(), marks, suspectBeforeMs: 0 };
  }

  demand(messages: number): void {
    this.#credit = messages;
    if (messages > 0) this.#wake?.();
  }

  held(): boolean {
    return !this.#closed && this.#keeper.held(this.#held);
  }

  lost(): boolean {
    return this.#released || !this.#keeper.held(this.#held);
  }

  lag(): number {
    return Math.max(0, Math.max(this.#end, this.#progress.next) - this.#progress.commit());
  }

  /** Pulls until it is closed. Never rejects. */
  async run(): Promise<void> {
    const backoff = new Backoff({ ...PULL_RETRY_MS, random: this.#keeper.random });
    while (!this.#closed) {
      if (this.#credit <= 0) {
        await this.#credited();
        continue;
      }
      try {
        await this.#pullOnce();
        backoff.reset();
      } catch (error) {
        if (this.#closed) return;
        log.warn(EVENTS.transport.roundFailed, {
          what: `A pull of ${this.queue.broker}/${this.queue.id}`,
          error,
        });
        await this.#pause(retryAfterMs(error, backoff.next()));
      }
    }
  }

  /** Stops pulling; marks and commits are still written. */
  stopPulling(): void {
    this.#closed = true;
    this.#stop.abort();
    this.#wake?.();
  }

  /** Writes the last commit. Rejects when the broker does not take it. */
  async commitNow(): Promise<void> {
    this.#commitTimer?.cancel();
    const commit = this.#progress.commit();
    this.#commits.advance(commit);
    await this.#commits.reached(commit);
  }

  /** Ends everything at once: nothing more is written. */
  close(reason: string): void {
    this.#released = true;
    this.stopPulling();
    this.#commitTimer?.cancel();
    this.#lateStarts.close();
    const error = new RpcError("unavailable", reason, { outcome: "sent_unknown" });
    for (const writer of [this.#commits, ...this.#marks]) writer.close(error);
  }

  async #pullOnce(): Promise<void> {
    const { ref, group, address } = this.#held;
    const commit = this.#progress.commit();
    const riding = commit > this.#commits.recorded ? commit : undefined;
    const { answer, dealtWith } = await heldPull(this.#keeper.client, address, {
      group,
      topic: ref.topic,
      queueId: ref.id,
      brokerName: ref.broker,
      offset: this.#progress.next,
      maxMessages: Math.min(PULL_MESSAGES, this.#credit),
      commitOffset: riding,
    }, { clock: this.#keeper.clock, signal: this.#stop.signal });
    this.#end = answer.maxOffset;
    if (this.#closed) return;
    if (riding !== undefined && dealtWith) this.#commits.noteRecorded(riding);
    for (const message of answer.messages) {
      if (message.queueOffset < this.#progress.next) continue;
      this.#credit--;
      this.#keeper.deliver(this, this.#delivery(message));
    }
    if (answer.status === "offset_moved" && answer.nextOffset <= this.#progress.next) {
      return await this.#endsEarlier();
    }
    this.#beyondEnd = 0;
    this.#progress.skipTo(answer.nextOffset);
  }

  /**
   * The queue ends before what has been read of it. Its index lags its log by a moment, but a broker that lost its
   * newest messages stays behind: then everything known of this queue is wrong, and it is taken over anew.
   */
  async #endsEarlier(): Promise<void> {
    if (++this.#beyondEnd < PULLS_BEYOND_END) return await this.#pause(BEYOND_END_PAUSE_MS);
    this.#keeper.shortened(
      this.#held,
      "The queue ends before what was read of it: the broker has lost messages",
    );
  }

  #delivery(stored: StoredMessage): Delivery {
    const entry = this.#progress.add(stored.queueOffset, this.#starts(stored));
    let recorded: Promise<void> | undefined;
    return {
      message: toMessage(stored),
      queue: this.#held.ref,
      offset: entry.offset,
      storedAtMs: stored.storedAtMs,
      starts: entry.starts,
      started: (lazily) => {
        if (!lazily || recorded !== undefined || !this.#mayBeLate(entry)) {
          return recorded ??= this.#start(entry);
        }
        entry.started = true;
        this.#lateStarts.add(entry.offset);
        return NOT_AWAITED;
      },
      ack: () => this.#ack(entry),
    };
  }

  #starts(stored: StoredMessage): number {
    const marked = startsBelow(this.#past.marks, stored.queueOffset);
    return marked === 0 && stored.storedAtMs < this.#past.suspectBeforeMs ? 1 : marked;
  }

  /**
   * What an earlier owner may have started, and died of, is recorded at once: a request that kills its process within
   * milliseconds would never be found otherwise.
   */
  #mayBeLate({ offset, starts }: ProgressEntry): boolean {
    return starts === 0 && offset >= this.#past.end;
  }

  #start(entry: ProgressEntry): Promise<void> {
    entry.started = true;
    const level = Math.min(START_LEVELS, entry.starts + 1);
    const writer = this.#marks[level - 1];
    if (writer === undefined) return Promise.resolve();
    // In a microtask: all starts of one turn share one write.
    queueMicrotask(() => this.#advanceMark(level, writer));
    const recorded = writer.reached(entry.offset + 1);
    recorded.catch(() => {});
    return recorded;
  }

  #advanceMark(level: number, writer: OffsetWriter): void {
    if (this.#keeper.held(this.#held)) writer.advance(this.#markAt(level));
  }

  #markAt(level: number): number {
    return this.#progress.mark(level);
  }

  #ack(entry: ProgressEntry): void {
    entry.acked = true;
    // Remembered for the next time this instance owns the queue; nothing is written any more.
    if (this.#released) return;
    // A start behind this message may have waited for it to be started or settled.
    this.#lateStarts.settled();
    for (const [index, writer] of this.#marks.entries()) {
      if (writer.waiting) this.#advanceMark(index + 1, writer);
    }
    this.#commitTimer ??= this.#keeper.clock.after(COMMIT_AFTER_MS, () => {
      this.#commitTimer = undefined;
      if (this.#keeper.held(this.#held)) this.#commits.advance(this.#progress.commit());
    });
  }

  #writer(group: string, recorded: number): OffsetWriter {
    const { ref, address } = this.#held;
    const write = (offset: number): Promise<void> =>
      updateOffset(
        this.#keeper.client,
        address,
        { group, topic: ref.topic, queueId: ref.id, brokerName: ref.broker, offset },
        { timeoutMs: REQUEST_TIMEOUT_MS },
      );
    return new OffsetWriter(recorded, write, (error) => this.#keeper.failed(this.#held, describe(error)));
  }

  #credited(): Promise<void> {
    const { promise, resolve } = createDeferred<void>();
    this.#wake = resolve;
    return promise.finally(() => this.#wake = undefined);
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = createDeferred<void>();
    const timer = this.#keeper.clock.after(ms, resolve);
    const stopped = () => resolve();
    this.#stop.signal.addEventListener("abort", stopped, { once: true });
    return promise.finally(() => {
      timer.cancel();
      this.#stop.signal.removeEventListener("abort", stopped);
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
