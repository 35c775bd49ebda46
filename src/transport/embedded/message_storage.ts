import type { Clock } from "../../async/clock.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import type { Message, QueueRef, SendReceipt, StoredReply } from "../transport.ts";
import type { GroupHost } from "./group.ts";
import { type CopiedMessage, giveContent, type KeptMessage, takeMessage } from "./message_copy.ts";
import { StoredReplies } from "./stored_replies.ts";
import type { StoredMessage } from "./stored_message.ts";
import { EMBEDDED_BROKER, type StoredQueue } from "./stored_queue.ts";
import { Topic } from "./topic.ts";
import type { Topics } from "./topics.ts";

/** The topic that replies are kept in, named as on RocketMQ. */
export const REPLY_TOPIC = `${EMBEDDED_BROKER}_REPLY_TOPIC`;

/** What storing messages needs from the broker. */
export interface StorageHost extends GroupHost {
  readonly clock: Clock;
  readonly topics: Topics;
  /** How messages with a topic are settled. */
  readonly byOffset: boolean;
  /** Gives a message to the instance that it is for, if that is connected. */
  handTo(clientId: string, message: KeptMessage): void;
}

/**
 * Takes messages in: into queues, now or after a delay, and for addresses. Where there is a journal, a message comes to
 * stand in memory when it is on record, so that nobody sees what might be forgotten.
 */
export class MessageStorage {
  readonly #host: StorageHost;
  /** What replies are kept in. */
  readonly replyTopic: Topic = new Topic(REPLY_TOPIC, 1);
  readonly #replies: StoredReplies;
  #heldBack = 0;

  constructor(host: StorageHost) {
    this.#host = host;
    this.#replies = new StoredReplies(this.replyTopic, host.retention);
    host.topics.restore(this.replyTopic);
  }

  /**
   * Stores a message, now or after a delay.
   *
   * @throws {RpcError} outcome `not_sent`: it is refused
   */
  append(
    message: Message,
    { topic: name, broker, id }: QueueRef,
    delayMs: number,
  ): SendReceipt | Promise<SendReceipt> {
    const { topics, retention, journal, clock, byOffset } = this.#host;
    const topic = topics.get(message.topic);
    const queue = topic?.queues[id];
    if (topic === undefined || name !== message.topic || broker !== EMBEDDED_BROKER) {
      throw refused("unavailable", `Broker "${broker}" has no topic "${message.topic}"`);
    }
    if (queue === undefined) throw refused("failed_precondition", `Topic "${name}" has no queue ${id}`);
    // A message that is held back, or settled by itself, may outlive its neighbours by far.
    const inOrder = byOffset && delayMs === 0;
    const copied = takeMessage(message, name, inOrder ? queue.shelf : undefined);
    if (topic.consumed || delayMs > 0) retention.reserve(copied.bytes);
    else retention.reserveUnconsumed(copied.bytes);
    const now = clock.now();
    if (journal !== undefined) return this.#record(copied, topic, queue, now, delayMs);
    return delayMs > 0
      ? this.#holdBack(copied, topic, queue, delayMs)
      : this.#place(copied, topic, queue, now);
  }

  /** Keeps a message for a client, and hands it on. With a journal, what has no keys is not kept: nobody could find it. */
  keepFor(clientId: string, message: Omit<Message, "topic">): void | Promise<void> {
    const { retention, journal, clock } = this.#host;
    const [queue] = this.replyTopic.queues;
    if (queue === undefined) return;
    const copied = takeMessage(message, REPLY_TOPIC, queue.shelf);
    if (journal !== undefined && message.keys.length === 0) {
      return this.#host.handTo(clientId, copied.message);
    }
    retention.reserveUnconsumed(copied.bytes);
    const now = clock.now();
    if (journal === undefined) return this.#placeReply(copied, queue, now, clientId);
    const place = (row: number): void => this.#placeReply(copied, queue, now, clientId, row);
    return this.#orGiveRoom(copied, journal.store(copied, queue, now, place));
  }

  /** A copy of the newest message to an address that has that key, as long as it is kept. */
  storedReplies(key: string): readonly StoredReply[] {
    const stored = this.#replies.find(key);
    if (stored === undefined) return [];
    const { headers, body } = giveContent(stored.message);
    return [{ headers, body }];
  }

  /** A message is no longer kept. */
  dropped(stored: StoredMessage): void {
    this.#replies.dropped(stored);
    this.#host.journal?.dropped(stored);
  }

  /** Puts a message that is held back, and on record, into its queue when it is due, epoch milliseconds. */
  release(row: number, copied: CopiedMessage, topic: Topic, queue: StoredQueue, dueAtMs: number): void {
    const { clock } = this.#host;
    this.#host.after(Math.max(0, dueAtMs - clock.now()), () => {
      const now = clock.now();
      this.#host.journal?.release(row, queue, now, (to) => void this.#place(copied, topic, queue, now, to));
    });
  }

  #record(
    copied: CopiedMessage,
    topic: Topic,
    queue: StoredQueue,
    now: number,
    delayMs: number,
  ): Promise<SendReceipt> {
    const { journal } = this.#host;
    if (journal === undefined) throw new TypeError("Cannot record a message without a journal");
    if (delayMs === 0) {
      const place = (row: number): SendReceipt => this.#place(copied, topic, queue, now, row);
      return this.#orGiveRoom(copied, journal.store(copied, queue, now, place));
    }
    const dueAtMs = now + delayMs;
    const held = (row: number): SendReceipt => {
      this.release(row, copied, topic, queue, dueAtMs);
      return receiptOf(queue, row);
    };
    return this.#orGiveRoom(copied, journal.holdBack(copied, queue, dueAtMs, held));
  }

  #place(
    copied: CopiedMessage,
    topic: Topic,
    queue: StoredQueue,
    storedAtMs: number,
    row?: number,
  ): SendReceipt {
    const { offset } = topic.append(copied, queue, storedAtMs, this.#host.retention, row);
    return { messageId: `${topic.name}/${queue.ref.id}/${offset}`, queue: queue.ref, offset };
  }

  #placeReply(
    copied: CopiedMessage,
    queue: StoredQueue,
    storedAtMs: number,
    clientId: string,
    row?: number,
  ): void {
    const { retention } = this.#host;
    this.#replies.added(this.replyTopic.append(copied, queue, storedAtMs, retention, row));
    this.#host.handTo(clientId, copied.message);
  }

  #holdBack(copied: CopiedMessage, topic: Topic, queue: StoredQueue, delayMs: number): SendReceipt {
    this.#host.after(delayMs, () => void this.#place(copied, topic, queue, this.#host.clock.now()));
    return receiptOf(queue, this.#heldBack++);
  }

  /** Gives room back that was reserved for a message, should it not come on record. */
  #orGiveRoom<T>({ bytes }: CopiedMessage, recorded: Promise<T>): Promise<T> {
    return recorded.catch((error) => {
      this.#host.retention.release(bytes);
      throw error;
    });
  }
}

/** Of a message that is held back. */
function receiptOf({ ref }: StoredQueue, number: number): SendReceipt {
  return { messageId: `${ref.topic}/${ref.id}/delayed-${number}`, queue: ref, offset: undefined };
}

function refused(code: RpcError["code"], message: string): RpcError {
  return new RpcError(code, message, { outcome: "not_sent" });
}
