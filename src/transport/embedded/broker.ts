import { type Clock, systemClock, type Timer } from "../../async/clock.ts";
import { TimerWheel } from "../../async/timer_wheel.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { otherSlots } from "../other_slots.ts";
import type { Message, QueuePlan, QueueRef, SendReceipt, StoredReply, TopicSpec } from "../transport.ts";
import { DEATH_NOTICED_MS } from "./defaults.ts";
import type { ConsumerGroup, GroupHost } from "./group.ts";
import { clientAt, clientIdOf, type Instance } from "./instance.ts";
import { type CopiedMessage, giveContent, giveMessage, takeMessage } from "./message_copy.ts";
import { OffsetGroup } from "./offset_group.ts";
import { type BrokerSettings, brokerSettings, type EmbeddedBrokerOptions } from "./options.ts";
import { Retention } from "./retention.ts";
import { SharedGroup } from "./shared_group.ts";
import { StoredReplies } from "./stored_replies.ts";
import { EMBEDDED_BROKER, type StoredQueue } from "./stored_queue.ts";
import { Topic } from "./topic.ts";
import { Turns } from "./turns.ts";

/** The topic that replies are kept in, named as on RocketMQ. */
export const REPLY_TOPIC = `${EMBEDDED_BROKER}_REPLY_TOPIC`;

/** A message as the broker keeps it: a copy, which its receiver may change. */
export interface EmbeddedMessage {
  /** The message itself. */
  readonly message: Message;
  /** The queue it is stored in. */
  readonly queue: QueueRef;
  /** Its place in the queue. */
  readonly offset: number;
  /** When it was stored in this queue, by the broker's clock, epoch milliseconds. */
  readonly storedAtMs: number;
}

const log = logger("transport");

/**
 * A RocketMQ in memory: topics with queues, consumer groups, messages held back, replies that can be found again.
 * Messages are copied on the way in and on the way out, so no two systems ever share an object.
 */
export class MemoryBroker implements GroupHost {
  readonly settings: BrokerSettings;
  readonly retention: Retention;
  readonly turns = new Turns();
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #instances = new Map<string, Instance>();
  readonly #replyTopic = new Topic(REPLY_TOPIC, 1);
  readonly #replies: StoredReplies;
  #clock: Clock | undefined;
  #wheel: TimerWheel | undefined;
  #heldBack = 0;
  #closed = false;

  constructor(options: EmbeddedBrokerOptions = {}) {
    this.settings = brokerSettings(options);
    const { retainedMessages: messages, retainedBytes: bytes, retainedMs: settledMs, clock } = this.settings;
    this.#clock = clock;
    this.retention = new Retention(
      { messages, bytes, settledMs },
      () => this.clock,
      (stored) => this.#replies.dropped(stored),
    );
    this.#replies = new StoredReplies(this.#replyTopic, this.retention);
    this.#topics.set(REPLY_TOPIC, this.#replyTopic);
  }

  /** Where its time comes from. */
  get clock(): Clock {
    return this.#clock ??= systemClock;
  }

  get takeoverGraceMs(): number {
    return this.settings.takeoverGraceMs;
  }

  get redeliverAfterMs(): number {
    return this.settings.redeliverAfterMs;
  }

  /** Sends that were refused because unsettled messages took all the room. */
  get refused(): number {
    return this.retention.refused;
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    if (this.#closed) return { cancel: () => {} };
    this.#wheel ??= new TimerWheel(this.clock);
    return this.#wheel.schedule(ms, callback);
  }

  reopen(queue: StoredQueue, from: number): number {
    this.#topics.get(queue.ref.topic)?.reopen(queue, from, this.retention);
    return queue.unsettled.first?.offset ?? queue.end;
  }

  /** Connects an instance. The first one brings the clock, unless there is one. */
  connect(instance: Instance, clock: Clock): void {
    if (this.#closed) throw closed();
    this.#clock ??= clock;
    this.#instances.set(instance.clientId, instance);
  }

  /** Disconnects an instance: nothing reaches it any more. */
  disconnect(instance: Instance): void {
    this.#instances.delete(instance.clientId);
  }

  /**
   * Makes topics and groups that are not there.
   *
   * @throws {RpcError} `failed_precondition` / `not_sent` where a topic's queues are divided otherwise
   */
  ensure(specs: readonly TopicSpec[]): void {
    if (this.#closed) throw closed();
    for (const { topic: name, queues, group, slots } of specs) {
      const topic = this.#topics.get(name) ?? new Topic(name, queues);
      this.#topics.set(name, topic);
      topic.slots ??= slots;
      if (slots !== undefined && slots !== topic.slots) {
        throw refused("failed_precondition", otherSlots(name, topic.slots, slots));
      }
      if (group === undefined || this.#groups.has(group)) continue;
      const create = (): ConsumerGroup =>
        this.settings.ownership === "offset"
          ? new OffsetGroup(topic.queues, this)
          : new SharedGroup(topic.queues, this);
      this.#groups.set(group, topic.consume(create, this.retention));
    }
  }

  /** The queues of a topic, or none where it does not exist. */
  queues(topic: string): readonly QueueRef[] {
    return this.#topics.get(topic)?.refs ?? [];
  }

  /** The queue plan of a topic; `undefined` where it does not exist. */
  plan(topic: string): QueuePlan | undefined {
    return this.#topics.get(topic)?.plan;
  }

  /** Changes the queue plan of a topic to the first queues of it, as an operator does: for tests. */
  declare(name: string, number: number, queues: number): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new TypeError(`Cannot declare a plan: there is no topic "${name}"`);
    topic.plan = Object.freeze({ number, queues: Object.freeze(topic.refs.slice(0, queues)) });
  }

  /** A group that was made before. */
  group(group: string): ConsumerGroup | undefined {
    return this.#groups.get(group);
  }

  /** Copies of all messages kept of a topic, queue by queue, oldest first. */
  messages(topic: string): readonly EmbeddedMessage[] {
    const stored = this.#topics.get(topic);
    if (stored === undefined) return [];
    return stored.queues.flatMap((queue) => stored.messages(queue, this.retention)).map(
      ({ message, queue, offset, storedAtMs }) => {
        return { message: giveMessage(message), queue: queue.ref, offset, storedAtMs };
      },
    );
  }

  /**
   * Stores a message, now or after a delay.
   *
   * @throws {RpcError} outcome `not_sent`: it is refused
   */
  append(message: Message, { topic: name, broker, id }: QueueRef, delayMs = 0): SendReceipt {
    if (this.#closed) throw closed();
    const topic = this.#topics.get(message.topic);
    const queue = topic?.queues[id];
    if (topic === undefined || name !== message.topic || broker !== EMBEDDED_BROKER) {
      throw refused("unavailable", `Broker "${broker}" has no topic "${message.topic}"`);
    }
    if (queue === undefined) throw refused("failed_precondition", `Topic "${name}" has no queue ${id}`);
    // A message that is held back, or settled by itself, may outlive its neighbours by far.
    const inOrder = this.settings.ownership === "offset" && delayMs === 0;
    const copied = takeMessage(message, name, inOrder ? queue.shelf : undefined);
    if (topic.consumed || delayMs > 0) this.retention.reserve(copied.bytes);
    else this.retention.reserveUnconsumed(copied.bytes);
    if (delayMs > 0) return this.#holdBack(copied, topic, queue, delayMs);
    const { offset } = topic.append(copied, queue, this.clock.now(), this.retention);
    return { messageId: `${name}/${id}/${offset}`, queue: queue.ref, offset };
  }

  /**
   * Keeps a message for an address, and hands it to the instance there, if there is one.
   *
   * @throws {RpcError} outcome `not_sent`: it is refused
   */
  sendTo(address: string, message: Omit<Message, "topic">): void {
    if (this.#closed) throw closed();
    const clientId = clientAt(address);
    if (clientId === undefined) {
      const text = JSON.stringify(address.slice(0, 80));
      throw refused("invalid_argument", `Cannot send to ${text}: it is no address of an embedded transport`);
    }
    const [queue] = this.#replyTopic.queues;
    if (queue === undefined) return;
    const copied = takeMessage(message, REPLY_TOPIC, queue.shelf);
    this.retention.reserveUnconsumed(copied.bytes);
    this.#replies.added(this.#replyTopic.append(copied, queue, this.clock.now(), this.retention));
    const receiver = this.#instances.get(clientId);
    if (receiver === undefined) return;
    try {
      receiver.receive(giveContent(copied.message));
    } catch (error) {
      log.error(EVENTS.transport.listenerFailed, { error });
    }
  }

  /** A copy of the newest message to an address that has that key, as long as it is kept. */
  storedReplies(key: string): readonly StoredReply[] {
    const stored = this.#replies.find(key);
    if (stored === undefined) return [];
    const { headers, body } = giveContent(stored.message);
    return [{ headers, body }];
  }

  /** Makes an instance die as a killed process would; see `EmbeddedBroker`. */
  crash(
    instance: string,
    { noticedAfterMs = DEATH_NOTICED_MS }: { readonly noticedAfterMs?: number } = {},
  ): void {
    const dead = this.#instances.get(clientIdOf(instance));
    if (dead === undefined) throw new TypeError(`Cannot crash instance "${instance}": it is not connected`);
    this.#instances.delete(dead.clientId);
    dead.kill();
    for (const group of this.#groups.values()) group.kill(dead.clientId);
    this.after(noticedAfterMs, () => {
      for (const group of this.#groups.values()) group.bury(dead.clientId);
    });
  }

  /**
   * Takes an instance that is frozen for dead, in all its groups. For the test kit.
   *
   * @returns what wakes it up again there
   */
  freeze(instance: string): readonly (() => void)[] {
    const groups = [...this.#groups.values()].filter((group) => group instanceof OffsetGroup);
    return groups.flatMap((group) => group.freeze(clientIdOf(instance)) ?? []);
  }

  /** Forgets the locks of an instance, as a broker that is started anew does: what it owns is lost to it. */
  forgetLocks(instance: string): void {
    const reason = "The broker has forgotten its lock";
    for (const group of this.#groups.values()) group.lose(clientIdOf(instance), reason);
  }

  /** Makes a broken body of a message that is kept, as a bad disk would: whoever gets it next cannot read it. */
  damage({ topic, id }: QueueRef, offset: number, reason: string): void {
    const queue = this.#topics.get(topic)?.queues[id];
    for (const stored of queue?.unsettled ?? []) if (stored.offset === offset) stored.damage(reason);
  }

  /** Takes everything from everybody, refuses everything from now on and forgets its messages. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const reason = "The embedded broker was closed";
    this.#wheel?.close();
    for (const group of this.#groups.values()) group.close(reason);
    for (const instance of this.#instances.values()) instance.changed("failed", reason);
    this.#topics.clear();
    this.#groups.clear();
    this.#instances.clear();
    this.retention.clear();
  }

  #holdBack(copied: CopiedMessage, topic: Topic, queue: StoredQueue, delayMs: number): SendReceipt {
    this.after(delayMs, () => void topic.append(copied, queue, this.clock.now(), this.retention));
    const messageId = `${topic.name}/${queue.ref.id}/delayed-${this.#heldBack++}`;
    return { messageId, queue: queue.ref, offset: undefined };
  }
}

function closed(): RpcError {
  return refused("unavailable", "The embedded broker is closed");
}

function refused(code: RpcError["code"], message: string): RpcError {
  return new RpcError(code, message, { outcome: "not_sent" });
}
