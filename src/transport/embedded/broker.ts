import { setImmediate } from "node:timers";
import { RpcError } from "../../errors/rpc_error.ts";
import type { DirectMessage, Message, QueueRef, SendReceipt, StoredReply, TopicSpec } from "../transport.ts";
import { ConsumerGroup } from "./group.ts";
import { type StoredMessage, StoredQueue } from "./stored_queue.ts";

/** The name that the embedded broker's queues carry. */
export const EMBEDDED_BROKER = "embedded";

/** Unsettled messages of one queue before the broker refuses more. */
const MAX_MESSAGES = 100_000;
/** Bytes of the bodies kept in one queue before the broker refuses more. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Replies that can be found again, in each of two generations. */
const REPLIES_PER_GENERATION = 5_000;
/** Bytes of the replies that can be found again, in each of two generations. */
const REPLY_BYTES_PER_GENERATION = 32 * 1024 * 1024;

/**
 * A RocketMQ in memory: topics with queues, consumer groups with offsets, marks and owners, replies that can be
 * found again. Messages are copied on the way in, so no two systems ever share an object.
 */
export class MemoryBroker {
  readonly #topics = new Map<string, readonly StoredQueue[]>();
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #listeners = new Map<string, (message: DirectMessage) => void>();
  #replies = new Map<string, StoredReply>();
  #olderReplies = new Map<string, StoredReply>();
  #replyBytes = 0;
  readonly #ready = new Set<ConsumerGroup>();
  #closed = false;

  /** Makes topics and groups that are not there. */
  ensure(specs: readonly TopicSpec[]): void {
    for (const { topic, queues, group } of specs) {
      let stored = this.#topics.get(topic);
      if (stored === undefined) {
        stored = Array.from({ length: queues }, () => new StoredQueue());
        this.#topics.set(topic, stored);
      }
      if (group !== undefined && !this.#groups.has(group)) {
        this.#groups.set(group, new ConsumerGroup(topic, stored, () => this.#wake(group)));
      }
    }
  }

  /** The queues of a topic, or none where it does not exist. */
  queues(topic: string): readonly QueueRef[] {
    return (this.#topics.get(topic) ?? []).map((_, id) => ({ topic, broker: EMBEDDED_BROKER, id }));
  }

  /** A group that was made before. */
  group(group: string): ConsumerGroup | undefined {
    return this.#groups.get(group);
  }

  /** All messages kept of a topic, by queue: for tests and tools. */
  messages(topic: string): readonly StoredMessage[] {
    return (this.#topics.get(topic) ?? []).flatMap((queue) => [...queue.messages()]);
  }

  /** Stores a message, or refuses it. */
  append(message: Message, queue: QueueRef, nowMs: number): SendReceipt {
    if (this.#closed) throw refused("unavailable", "The embedded broker is closed");
    const stored = this.#topics.get(message.topic)?.[queue.id];
    if (stored === undefined) {
      throw refused("unavailable", `Topic "${message.topic}" has no queue ${queue.id}`);
    }
    if (message.body.length === 0) throw refused("invalid_argument", "Cannot store a message without a body");
    if (stored.unsettled >= MAX_MESSAGES || stored.bytes + message.body.length > MAX_BYTES) {
      throw refused(
        "resource_exhausted",
        `Queue ${queue.id} of "${message.topic}" is full: nobody settles its messages`,
      );
    }
    const { offset } = stored.append(copy(message), nowMs);
    let consumed = false;
    for (const [name, group] of this.#groups) {
      if (group.topic !== message.topic) continue;
      consumed = true;
      this.#wake(name);
    }
    // Nobody will ever settle what no group consumes, such as dead letters: the newest are kept for whoever looks.
    if (!consumed) stored.settle(stored.end);
    return { messageId: `${message.topic}/${queue.id}/${offset}`, queue, offset };
  }

  /** Keeps a reply, and hands it to the instance that listens at the address, if one does. */
  reply(address: string, message: Omit<Message, "topic">): void {
    if (this.#closed) throw refused("unavailable", "The embedded broker is closed");
    const reply = copy({ ...message, topic: "" });
    if (
      this.#replies.size + message.keys.length > REPLIES_PER_GENERATION ||
      this.#replyBytes + reply.body.length > REPLY_BYTES_PER_GENERATION
    ) {
      this.#olderReplies = this.#replies;
      this.#replies = new Map();
      this.#replyBytes = 0;
    }
    this.#replyBytes += reply.body.length;
    for (const key of message.keys) this.#replies.set(key, reply);
    this.#listeners.get(address)?.(reply);
  }

  /** A reply that was kept under that key. */
  storedReply(key: string): StoredReply | undefined {
    return this.#replies.get(key) ?? this.#olderReplies.get(key);
  }

  /** Connects an address to its instance. */
  listen(address: string, listener: (message: DirectMessage) => void): void {
    this.#listeners.set(address, listener);
  }

  /** Disconnects an address. */
  unlisten(address: string): void {
    this.#listeners.delete(address);
  }

  /** Refuses everything from now on and forgets its messages. */
  close(): void {
    this.#closed = true;
    this.#topics.clear();
    this.#groups.clear();
    this.#listeners.clear();
    this.#replies.clear();
    this.#olderReplies.clear();
  }

  /** Lets a group deliver in a turn of its own, so that timers and input are served between deliveries. */
  #wake(name: string): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    if (this.#ready.size === 0) setImmediate(() => this.#deliverReady());
    this.#ready.add(group);
  }

  #deliverReady(): void {
    const ready = [...this.#ready];
    this.#ready.clear();
    for (const group of ready) group.deliver();
  }
}

function copy(message: Message): Message {
  return {
    topic: message.topic,
    tag: message.tag,
    keys: [...message.keys],
    headers: new Map(message.headers),
    body: message.body.slice(),
    plain: message.plain === undefined ? undefined : { ...message.plain },
  };
}

function refused(code: RpcError["code"], message: string): RpcError {
  return new RpcError(code, message, { outcome: "not_sent" });
}
