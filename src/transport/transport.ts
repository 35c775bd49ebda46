import type { Clock } from "../async/clock.ts";
import type { Random } from "../async/random.ts";

/** One queue of a topic. Its number is unique within its broker only. */
export interface QueueRef {
  /** The topic it belongs to. */
  readonly topic: string;
  /** The broker's name. */
  readonly broker: string;
  /** Its number at that broker, from 0. */
  readonly id: number;
}

/** A message on its way to a queue or an address: bytes and headers, nothing a transport must understand. */
export interface Message {
  /** Where it is stored. */
  readonly topic: string;
  /** What consumers may filter by; a call's method. */
  readonly tag: string;
  /** What an operator can look the message up by. A key with blanks in it counts as several. */
  readonly keys: readonly string[];
  /**
   * Names and values: ASCII, not empty, without U+0001 and U+0002, under 12 KiB together. Names that a broker uses
   * itself are not carried.
   */
  readonly headers: ReadonlyMap<string, string>;
  /** At least one byte. */
  readonly body: Uint8Array;
  /** What keeps messages of one queue in one order; see {@linkcode Capabilities.orderedKeys}. */
  readonly messageGroup?: string | undefined;
  /** Set on a received message whose body cannot be read: why. Its body is a placeholder then. */
  readonly damaged?: string | undefined;
  /** Set on a request that a plain responder must be able to answer, and on an answer to a plain request. */
  readonly plain?: PlainRequest | undefined;
}

/** What RocketMQ's own request-reply puts on a request. */
export interface PlainRequest {
  /** Ties the answer to the request. */
  readonly correlationId: string;
  /** The requester's timeout, which no broker enforces. */
  readonly ttlMs: number;
  /** Where the answer goes: an address for {@linkcode Transport.sendTo}. Absent on an outgoing request: the sender. */
  readonly replyTo?: string | undefined;
}

/** What a broker said when it stored a message. */
export interface SendReceipt {
  /** The broker's id of the message. */
  readonly messageId: string;
  /** Where it is. */
  readonly queue: QueueRef;
  /** Its place in the queue. `undefined` while it is held back: it gets its place only then. */
  readonly offset: number | undefined;
}

/**
 * How to reach one instance past all queues: opaque texts that travel in headers. Both reach it from its start on,
 * whoever sends, also while it serves nothing.
 */
export interface Addresses {
  /** Where replies to this instance go. */
  readonly reply: string;
  /** Where control for this instance goes. */
  readonly direct: string;
}

/** What differs between transports: declared, never guessed. What depends on the broker is known after the start. */
export interface Capabilities {
  /**
   * Who remembers what is settled. `offset`: one committed offset per group and queue, kept by the queue's owner.
   * `perMessage`: the broker, message by message; it delivers again what is not settled in time, to anyone.
   */
  readonly ownership: "offset" | "perMessage";
  /** Whether a partition belongs to one instance at a time, so that state can live beside it. */
  readonly ownedPartitions: boolean;
  /**
   * Whether messages of one queue with the same {@linkcode Message.messageGroup} are delivered in the order in which
   * they were stored. With `perMessage` also one at a time: the next one when the one before is settled.
   */
  readonly orderedKeys: boolean;
  /** Longest time for which it can hold a message back, in milliseconds; `false` where it cannot. */
  readonly delayMs: number | false;
  /** Whether messages survive the end of this process. */
  readonly durable: boolean;
  /** Whether {@linkcode Transport.storedReplies} can find anything. */
  readonly storedReplies: boolean;
  /** Whether {@linkcode Transport.members} can tell. If not, it still says that there is nobody where nobody can be. */
  readonly presence: boolean;
  /** Largest body that it is sure to carry, in bytes. */
  readonly maxBodyBytes: number;
}

/** A received message together with the handle that settles it. */
export interface Delivery {
  /** What was received. */
  readonly message: Message;
  /** Where from. */
  readonly queue: QueueRef;
  /** Its place in the queue. */
  readonly offset: number;
  /** When the broker stored it in this queue (after its delay), by the broker's clock, epoch milliseconds. */
  readonly storedAtMs: number;
  /**
   * How often it may have been started before: above 0 the message is suspect. With `offset` by an earlier owner, 0 to
   * 3. With `perMessage` how often it was delivered before, whatever became of that.
   */
  readonly starts: number;
  /**
   * Records that work on this message starts. A record covers a prefix of the queue: it is written once every
   * earlier message has started too, many in one write. Resolves when the record is on the broker; rejects with
   * `unavailable` when the partition is lost first. Asking again returns the same promise; nobody has to await it.
   * With `perMessage` the delivery itself is the record: resolves at once.
   *
   * @param lazily that nobody awaits the record, and the message may run again: a transport may leave it out where the
   * message is settled soon, and what it returns says nothing then
   */
  started(lazily?: boolean): Promise<void>;
  /**
   * Records that the message is settled. Returns at once; the broker learns of it with the next commit. Does nothing
   * once the message is no longer this delivery's: its partition is gone, or the broker has taken it back.
   */
  ack(): void;
  /**
   * With `perMessage` only: gives the message back instead of settling it. The broker delivers it again after that
   * many milliseconds at the earliest, to anyone, with one more start. A later {@linkcode Delivery.ack} does nothing.
   *
   * @throws {RangeError} when `ms` is not a number from 0 on
   */
  retryLater?(ms: number): void;
}

/** One queue while this instance owns it; with `perMessage` one queue that it shares with the whole group. */
export interface Partition {
  /** Which queue it is. */
  readonly queue: QueueRef;
  /** Pulls no more than `messages` further messages until asked again: an absolute number, not an increment. */
  demand(messages: number): void;
  /**
   * Whether the lock was confirmed recently enough to act on. `false` means that `lost` has been or will at once
   * be reported, or that it was handed over. Cheap: asked before every start.
   */
  held(): boolean;
  /**
   * Whether the queue may be another's by now, told or not: also of one that was asked to be handed over, while its
   * handlers still run, and of one that was. Cheap: asked before a crashed call
   * runs once more.
   */
  lost(): boolean;
  /**
   * How many messages of the queue are not settled, those that were not received included: its end, as far as that is
   * known, minus the committed offset. Absent where the transport cannot tell.
   */
  lag?(): number;
}

/** Where a subscription reports to. Called in order per partition; must not throw. */
export interface Sink {
  /** This instance owns the queue from now on. Nothing is delivered before the first demand. */
  assigned(partition: Partition): void;
  /** Another instance shall have the queue, or nobody: resolve when no handler of it runs any more. */
  revoked(partition: Partition): Promise<void>;
  /** The queue may already belong to another: stop everything, settle nothing. */
  lost(partition: Partition, reason: string): void;
  /** One message: in queue order, except what `perMessage` transports deliver again. */
  deliver(partition: Partition, delivery: Delivery): void;
}

/** A running subscription. */
export interface Subscription {
  /**
   * Gives all partitions back (each one revoked first) and leaves the group. What is not settled by then comes again,
   * to whoever has the queue next. Idempotent. Its signal ends the wait, not the leaving.
   */
  close(options?: Waiting): Promise<void>;
}

/**
 * How the keys of a topic's calls are divided among its queues: declared with the topic, and the same for everybody,
 * whichever brokers are up.
 */
export interface QueuePlan {
  /**
   * From 1, growing with every change. 0 where none is declared and nobody may: then the queues are those of the
   * brokers that are up, and what is divided among them moves when one of them goes.
   */
  readonly number: number;
  /** All declared queues, sorted by broker and id, those of brokers that are down included. The same list until it changes. */
  readonly queues: readonly QueueRef[];
}

/** What a topic needs before it can be used. */
export interface TopicSpec {
  /** Its name. */
  readonly topic: string;
  /** Queues per broker, where it has to be made. */
  readonly queues: number;
  /** The group that consumes it, with its side groups; absent for topics that are only written. */
  readonly group?: string | undefined;
  /**
   * Whether messages with a {@linkcode Message.messageGroup} go there, whose order has to be kept. Matters where that
   * takes a topic of another kind. Default: false.
   */
  readonly ordered?: boolean | undefined;
  /** How its methods divide its queues among themselves; absent for topics without a queue plan. Fixed for its life. */
  readonly slots?: number | undefined;
}

/** What a transport is told about the system it serves. */
export interface TransportStart {
  /** Where time comes from. */
  readonly clock: Clock;
  /** Where jitter comes from. */
  readonly random: Random;
  /** This instance's number, 53 bits: unique among all instances, never used again. */
  readonly instance: number;
}

/** What a message that came past all queues consists of. */
export interface DirectMessage {
  /** Its headers. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its body. */
  readonly body: Uint8Array;
  /** Set where it answers, or may answer, a plain request. */
  readonly plain?: PlainRequest | undefined;
}

/** The request that something answers: where it is, and where it is known the message itself. */
export interface Near {
  /** The queue that holds it. */
  readonly queue: QueueRef;
  /** What was received. */
  readonly message?: Message | undefined;
}

/** How a transport is doing. */
export type TransportState = "connected" | "degraded" | "failed";

/** What everything that waits takes. */
export interface Waiting {
  /** Stops waiting: rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How queues are looked up. */
export interface LookupOptions extends Waiting {
  /** Asks anew, whatever is known. Default: false. */
  readonly fresh?: boolean | undefined;
}

/** How a message is sent to a queue. */
export interface SendOptions extends Waiting {
  /** One of the topic's queues. */
  readonly queue: QueueRef;
  /** Holds the message back for at least that long, in milliseconds, and stores it in its queue then. Default: 0. */
  readonly delayMs?: number | undefined;
}

/** How a message is sent to an address. */
export interface SendToOptions extends Waiting {
  /** The delivery that it answers, if it answers one. */
  readonly near?: Delivery | undefined;
}

/**
 * How calls leave and reach a process. Carries bytes and headers and knows nothing of calls: what was given is never
 * kept or changed, and what is handed out belongs to its receiver. Failures are `RpcError`s whose outcome says
 * whether the message may have been stored; a message that no broker would take is `invalid_argument` / `not_sent`.
 */
export interface Transport {
  /** What it can do. */
  readonly capabilities: Capabilities;
  /**
   * Connects. Everything below is called after it has resolved. Rejects with `unavailable` / `not_sent`, and with a
   * `TypeError` when it was called before.
   */
  start(options: TransportStart): Promise<void>;
  /** How others reach this instance past all queues. */
  readonly addresses: Addresses;
  /**
   * The queues of a topic that messages can be sent to now, sorted by broker and id: for what may go to any of them.
   * Rejects `unavailable` / `not_sent` where there is none.
   */
  queues(topic: string, options?: LookupOptions): Promise<readonly QueueRef[]>;
  /** The queue plan of a topic: for what belongs to one queue. Rejects `unavailable` / `not_sent` where there is none. */
  plan(topic: string, options?: LookupOptions): Promise<QueuePlan>;
  /**
   * Stores a message. Rejects with outcome `not_sent` (certainly not stored) or `sent_unknown`. A delay is refused with
   * `not_sent`: as `invalid_argument` beyond {@linkcode Capabilities.delayMs}, as `unimplemented` where that is `false`.
   */
  send(message: Message, options: SendOptions): Promise<SendReceipt>;
  /**
   * Sends past all queues to the instance with that address. Resolves once it was taken, or stored where its
   * receiver finds it again: by its keys, so control has none. Rejects with `invalid_argument` / `not_sent` when it is
   * no address of this kind of transport.
   */
  sendTo(address: string, message: Omit<Message, "topic">, options?: SendToOptions): Promise<void>;
  /** Sets the one listener for what arrives at this instance's addresses. It must not throw. */
  onDirect(listener: (message: DirectMessage) => void): void;
  /**
   * Joins the group, once at a time: rejects with a `TypeError` while this instance is a member. Resolves after the
   * first rebalance round, possibly with no partition.
   */
  subscribe(
    topic: { readonly topic: string; readonly group: string },
    sink: Sink,
    options?: Waiting,
  ): Promise<Subscription>;
  /**
   * Makes topics and groups that do not exist, and leaves those that do alone; declares queue plans where none is.
   * Rejects with `failed_precondition` / `not_sent` where it must not, saying what to do, and where a plan is declared
   * for another number of slots.
   */
  ensureTopics(specs: readonly TopicSpec[], options?: Waiting): Promise<void>;
  /** Who serves the topic: the members of its group by all brokers that have it; `unknown` on any error. */
  members(topic: string, group: string, options?: Waiting): Promise<readonly Member[] | "unknown">;
  /**
   * What was stored with that key on its way to an address, the newest first: everywhere it may be, where the transport
   * can look. Rejects where nothing was found and a place could not be asked.
   *
   * @param near what it answers; `undefined` for what went past all queues
   */
  storedReplies(
    callId: string,
    near: Near | undefined,
    options?: Waiting,
  ): Promise<readonly StoredReply[]>;
  /**
   * Sets the one listener that is told when messages to this instance may have passed it by: what of them was stored
   * can be looked up. Absent where that cannot happen.
   */
  onMissed?(listener: () => void): void;
  /** What it has counted so far, by name, for whoever looks at the tree. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Sets the one listener for the transport's state. */
  onState(listener: (state: TransportState, reason: string) => void): void;
  /**
   * Leaves everything: closes its subscriptions, then its connections. Pending sends fail then; later ones are
   * `not_sent`. Idempotent.
   */
  close(): Promise<void>;
}

/** A member of a consumer group. */
export interface Member {
  /** Its id at the broker. */
  readonly clientId: string;
  /** Whether it is an instance of this library, and so understands packs. */
  readonly ours: boolean;
}

/** A reply found again on the broker. */
export interface StoredReply {
  /** Its headers: of a reply, or of a pack that holds it. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its body. */
  readonly body: Uint8Array;
}
