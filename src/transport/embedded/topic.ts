import type { QueuePlan, QueueRef } from "../transport.ts";
import type { ConsumerGroup } from "./group.ts";
import type { CopiedMessage } from "./message_copy.ts";
import type { Retention } from "./retention.ts";
import { StoredMessage } from "./stored_message.ts";
import { StoredQueue } from "./stored_queue.ts";

/** A topic of the embedded broker: its queues and the groups that consume them. */
export class Topic {
  readonly name: string;
  readonly queues: readonly StoredQueue[];
  /** Handed out: nobody can change it. */
  readonly refs: readonly QueueRef[];
  /** How its keys are divided. */
  plan: QueuePlan;
  /** How its methods divide its queues, where they do. */
  slots: number | undefined;
  readonly #groups: ConsumerGroup[] = [];

  constructor(name: string, queues: number) {
    this.name = name;
    this.queues = Array.from({ length: queues }, (_, id) => new StoredQueue(name, id));
    this.refs = Object.freeze(this.queues.map(({ ref }) => ref));
    this.plan = Object.freeze({ number: 1, queues: this.refs });
  }

  /** Whether somebody settles its messages. */
  get consumed(): boolean {
    return this.#groups.length > 0;
  }

  /** Stores a message for which there is room, and tells the groups. */
  append(
    { message, bytes }: CopiedMessage,
    queue: StoredQueue,
    storedAtMs: number,
    retention: Retention,
    row?: number,
  ): StoredMessage {
    const stored = new StoredMessage(message, queue, storedAtMs, bytes, this.#groups.length, row);
    queue.end++;
    if (stored.open === 0) {
      retention.keep(stored, retention.now());
    } else {
      queue.unsettled.append(stored);
      for (const group of this.#groups) group.arrived(stored);
    }
    return stored;
  }

  /** Adds a group that was there before the broker was: messages know already whether it has settled them. */
  restored(group: ConsumerGroup): void {
    this.#groups.push(group);
  }

  /** Adds a group, made by `create`. It begins with the first message that is still there. */
  consume(create: () => ConsumerGroup, retention: Retention): ConsumerGroup {
    for (const queue of this.queues) this.#stand(queue, this.messages(queue, retention), retention);
    const group = create();
    this.#groups.push(group);
    return group;
  }

  /** All messages kept of a queue, in queue order. */
  messages(queue: StoredQueue, retention: Retention): readonly StoredMessage[] {
    const kept = [...retention.settled()].filter((stored) => stored.queue === queue);
    return [...kept, ...queue.unsettled].sort((one, other) => one.offset - other.offset);
  }

  /** Unsettles what its one group has settled from that place on, as far as it is kept. */
  reopen(queue: StoredQueue, from: number, retention: Retention): void {
    const all = this.messages(queue, retention);
    const behind = all.filter(({ offset, open }) => offset >= from && open === 0);
    if (behind.length === 0) return;
    const standing = all.filter(({ open }) => open > 0);
    this.#stand(queue, [...behind, ...standing], retention);
    for (const stored of standing) stored.open--;
  }

  /** Lets messages stand in their queue in that order, each with one group more that has not settled it. */
  #stand(queue: StoredQueue, messages: readonly StoredMessage[], retention: Retention): void {
    for (const stored of messages) {
      // All of them, one after the other: so they come to stand in queue order.
      if (stored.open === 0) retention.reopen(stored);
      else {
        queue.unsettled.remove(stored);
        queue.unsettled.append(stored);
      }
      stored.open++;
    }
  }
}
