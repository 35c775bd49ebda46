import { type Clock, systemClock, type Timer } from "../../async/clock.ts";
import { TimerWheel } from "../../async/timer_wheel.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type {
  Message,
  QueuePlan,
  QueueRef,
  SendReceipt,
  StoredReply,
  TopicSpec,
  TransportState,
} from "../transport.ts";
import { BrokerFile } from "./broker_file.ts";
import { DEATH_NOTICED_MS } from "./defaults.ts";
import type { ConsumerGroup } from "./group.ts";
import { clientAt, clientIdOf, type Instance } from "./instance.ts";
import type { Journal } from "./journal.ts";
import { JournalRows } from "./journal_rows.ts";
import { giveContent, giveMessage, type KeptMessage } from "./message_copy.ts";
import { MessageStorage, type StorageHost } from "./message_storage.ts";
import { OffsetGroup } from "./offset_group.ts";
import { explainedFile, openBrokerFile } from "./open_broker_file.ts";
import { type BrokerSettings, brokerSettings, type EmbeddedBrokerOptions } from "./options.ts";
import { restore } from "./restore.ts";
import { Retention } from "./retention.ts";
import { type JournalHost, SqliteJournal } from "./sqlite_journal.ts";
import type { CopiedMessage } from "./message_copy.ts";
import type { StoredQueue } from "./stored_queue.ts";
import type { Topic } from "./topic.ts";
import { Topics } from "./topics.ts";
import { Turns } from "./turns.ts";

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
export class MemoryBroker implements StorageHost, JournalHost {
  readonly settings: BrokerSettings;
  readonly retention: Retention;
  readonly turns = new Turns();
  readonly topics: Topics;
  readonly #instances = new Map<string, Instance>();
  readonly #storage: MessageStorage;
  #journal: Journal | undefined;
  #clock: Clock | undefined;
  #wheel: TimerWheel | undefined;
  #closed = false;

  /**
   * @param options how it behaves
   * @param open opens its file, where it has one
   * @throws {Error} saying what to do, when its file cannot be used
   */
  constructor(
    options: EmbeddedBrokerOptions = {},
    open: typeof openBrokerFile = openBrokerFile,
  ) {
    this.settings = brokerSettings(options);
    const { retainedMessages: messages, retainedBytes: bytes, retainedMs: settledMs, ownership } =
      this.settings;
    this.#clock = this.settings.clock;
    this.retention = new Retention(
      { messages, bytes, settledMs },
      () => this.clock,
      (stored) => this.#storage.dropped(stored),
    );
    this.topics = new Topics(ownership, this);
    this.#storage = new MessageStorage(this);
    const { file } = this.settings;
    if (file !== undefined) this.#recover(file, new BrokerFile(open(file, ownership)));
  }

  /** Where its time comes from. */
  get clock(): Clock {
    return this.#clock ??= systemClock;
  }

  /** What keeps its messages beyond this process, where something does. */
  get journal(): Journal | undefined {
    return this.#journal;
  }

  get byOffset(): boolean {
    return this.settings.ownership === "offset";
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

  now(): number {
    return this.clock.now();
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
    this.topics.get(queue.ref.topic)?.reopen(queue, from, this.retention);
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
  ensure(specs: readonly TopicSpec[]): void | Promise<void> {
    if (this.#closed) throw closed();
    this.topics.ensure(specs);
    return this.journal?.flushed();
  }

  /** The queues of a topic, or none where it does not exist. */
  queues(topic: string): readonly QueueRef[] {
    return this.topics.get(topic)?.refs ?? [];
  }

  /** The queue plan of a topic; `undefined` where it does not exist. */
  plan(topic: string): QueuePlan | undefined {
    return this.topics.get(topic)?.plan;
  }

  /** Changes the queue plan of a topic to the first queues of it, as an operator does: for tests. */
  declare(name: string, number: number, queues: number): void {
    this.topics.declare(name, number, queues);
  }

  /** A group that was made before. */
  group(group: string): ConsumerGroup | undefined {
    return this.topics.group(group);
  }

  /** Copies of all messages kept of a topic, queue by queue, oldest first. */
  messages(topic: string): readonly EmbeddedMessage[] {
    const stored = this.topics.get(topic);
    if (stored === undefined) return [];
    return stored.queues.flatMap((queue) => stored.messages(queue, this.retention)).map(
      ({ message, queue, offset, storedAtMs }) => {
        return { message: giveMessage(message), queue: queue.ref, offset, storedAtMs };
      },
    );
  }

  /**
   * Stores a message, now or after a delay. With a journal the receipt is a promise: it comes when the message is on
   * record, and nobody is given the message before.
   *
   * @throws {RpcError} outcome `not_sent`: it is refused
   */
  append(message: Message, queue: QueueRef, delayMs = 0): SendReceipt | Promise<SendReceipt> {
    if (this.#closed) throw closed();
    return this.#storage.append(message, queue, delayMs);
  }

  /**
   * Keeps a message for an address, and hands it to the instance there, if there is one. With a journal this is done
   * when it is on record; what has no keys nobody could find there, so that it is only handed on.
   *
   * @throws {RpcError} outcome `not_sent`: it is refused
   */
  sendTo(address: string, message: Omit<Message, "topic">): void | Promise<void> {
    if (this.#closed) throw closed();
    const clientId = clientAt(address);
    if (clientId === undefined) {
      const text = JSON.stringify(address.slice(0, 80));
      throw refused("invalid_argument", `Cannot send to ${text}: it is no address of an embedded transport`);
    }
    return this.#storage.keepFor(clientId, message);
  }

  /** A copy of the newest message to an address that has that key, as long as it is kept. */
  storedReplies(key: string): readonly StoredReply[] {
    return this.#storage.storedReplies(key);
  }

  handTo(clientId: string, message: KeptMessage): void {
    try {
      this.#instances.get(clientId)?.receive(giveContent(message));
    } catch (error) {
      log.error(EVENTS.transport.listenerFailed, { error });
    }
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
    for (const group of this.topics.groups) group.kill(dead.clientId);
    this.after(noticedAfterMs, () => {
      for (const group of this.topics.groups) group.bury(dead.clientId);
    });
  }

  /**
   * Takes an instance that is frozen for dead, in all its groups. For the test kit.
   *
   * @returns what wakes it up again there
   */
  freeze(instance: string): readonly (() => void)[] {
    const groups = [...this.topics.groups].filter((group) => group instanceof OffsetGroup);
    return groups.flatMap((group) => group.freeze(clientIdOf(instance)) ?? []);
  }

  /** Forgets the locks of an instance, as a broker that is started anew does: what it owns is lost to it. */
  forgetLocks(instance: string): void {
    const reason = "The broker has forgotten its lock";
    for (const group of this.topics.groups) group.lose(clientIdOf(instance), reason);
  }

  /** Makes a broken body of a message that is kept, as a bad disk would: whoever gets it next cannot read it. */
  damage({ topic, id }: QueueRef, offset: number, reason: string): void {
    const queue = this.topics.get(topic)?.queues[id];
    for (const stored of queue?.unsettled ?? []) if (stored.offset === offset) stored.damage(reason);
  }

  release(row: number, copied: CopiedMessage, topic: Topic, queue: StoredQueue, dueAtMs: number): void {
    this.#storage.release(row, copied, topic, queue, dueAtMs);
  }

  wrote(state: TransportState, reason: string): void {
    if (state === "failed") this.#shut(reason);
    else for (const instance of this.#instances.values()) instance.changed(state, reason);
  }

  /**
   * Takes everything from everybody, refuses everything from now on and forgets its messages; its file keeps what was
   * asked for before.
   */
  close(): void {
    this.journal?.close();
    this.#shut("The embedded broker was closed");
  }

  #shut(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wheel?.close();
    for (const group of this.topics.groups) group.close(reason);
    for (const instance of this.#instances.values()) instance.changed("failed", reason);
    this.topics.clear();
    this.#instances.clear();
    this.retention.clear();
  }

  #recover(path: string, file: BrokerFile): void {
    const rows = new JournalRows(file);
    this.#journal = new SqliteJournal(path, file, rows, this);
    try {
      restore(file, rows, this);
      this.#journal.topic(this.#storage.replyTopic);
    } catch (error) {
      this.#wheel?.close();
      file.close();
      throw explainedFile(path, error);
    }
  }
}

function closed(): RpcError {
  return refused("unavailable", "The embedded broker is closed");
}

function refused(code: RpcError["code"], message: string): RpcError {
  return new RpcError(code, message, { outcome: "not_sent" });
}
