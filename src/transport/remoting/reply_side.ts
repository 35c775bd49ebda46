import type { Clock } from "../../async/clock.ts";
import type { Random } from "../../async/random.ts";
import { TimerWheel } from "../../async/timer_wheel.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import type {
  Addresses,
  DirectMessage,
  Message,
  Near,
  SendToOptions,
  StoredReply,
  Waiting,
} from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { REPLY_WHEEL_LINGER_MS } from "./defaults.ts";
import { toNotSent } from "./errors.ts";
import { PushGate } from "./push_gate.ts";
import { replyAddress, type ReplyStrategy } from "./reply_address.ts";
import { Replies } from "./replies.ts";
import { ReplyReader } from "./reply_reader.ts";
import { ReplyTopic } from "./reply_topic.ts";
import { StoredReplies } from "./stored_replies.ts";

const log = logger("transport");

/** What the reply side of a transport is given. */
export interface ReplySideParts {
  readonly strategy: ReplyStrategy;
  /** The client that sends, and that is found by pushes. */
  readonly client: RocketMqClient;
  /** The client that pulls and marks what is replied to. */
  readonly consuming: RocketMqClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly instance: number;
  /** The clusters that this instance deals with. */
  readonly clusters: () => readonly string[];
  /** Takes what arrives. */
  readonly listener: (message: DirectMessage) => void;
}

/**
 * Everything of a transport that goes past all queues: replies, control, and what is kept of them. Instances differ in
 * how they are reached; each reaches those of either kind, and each reads the reply topic where there is one.
 */
export class ReplySide {
  readonly addresses: Addresses;
  readonly #parts: ReplySideParts;
  readonly #wheel: TimerWheel;
  readonly #gate: PushGate;
  readonly #topic: ReplyTopic;
  readonly #reader: ReplyReader;
  readonly #stored: StoredReplies;
  readonly #replies: Replies;
  readonly #closing = new AbortController();
  /** Set once reading has begun. */
  #reading = false;
  #knownClusters = 0;
  #meeting: Promise<void> = Promise.resolve();
  /** What goes on without anybody waiting for it. */
  readonly #background = new Set<Promise<void>>();

  constructor(parts: ReplySideParts) {
    const { client, consuming, clock, clusters, strategy } = parts;
    this.#parts = parts;
    const address = replyAddress(client.clientId, strategy);
    this.addresses = { reply: address, direct: address };
    this.#wheel = new TimerWheel(clock, { lingerMs: REPLY_WHEEL_LINGER_MS });
    this.#gate = new PushGate(clock, this.#wheel);
    this.#topic = new ReplyTopic(client, clock, clusters);
    this.#reader = new ReplyReader({ ...parts, topic: this.#topic });
    this.#stored = new StoredReplies(client, this.#topic, clusters);
    this.#replies = new Replies({
      client,
      consuming,
      clusters,
      wheel: this.#wheel,
      gate: this.#gate,
      topic: this.#topic,
      stored: this.#stored,
    });
  }

  /** Whether a look-up of stored replies can find anything, as far as that is known. */
  get storedReplies(): boolean {
    return this.#stored.possible;
  }

  /** What it has counted so far. */
  get counts(): Readonly<Record<string, number>> {
    return {
      pushesUnderWay: this.#gate.underWay,
      pushesUnanswered: this.#replies.unanswered,
      pushesDiverted: this.#gate.diverted,
      pushesRefused: this.#gate.refused,
      storedInReplyTopic: this.#topic.stored,
    };
  }

  /**
   * Makes the reply topic where it is missing, and begins to read it. Where replies are pushed, calls need not wait for
   * that, and can do without.
   *
   * @throws {RpcError} where replies are pulled: `failed_precondition` / `not_sent` with the commands to run when brokers
   * do not let us make the topic, `unavailable` / `not_sent` when they cannot be asked
   */
  async start(): Promise<void> {
    if (this.#parts.strategy === "push") {
      return this.#inBackground(this.#open(), EVENTS.transport.noReplyTopic);
    }
    try {
      await this.#open();
    } catch (error) {
      throw refused(toNotSent(error));
    }
  }

  /** Begins to read at brokers of clusters that are new to this instance; to be awaited before it uses them. */
  async meet(options: Waiting): Promise<void> {
    const { length } = this.#parts.clusters();
    if (!this.#reading) return;
    if (length !== this.#knownClusters) {
      this.#knownClusters = length;
      this.#meeting = this.#reader.meet({ signal: this.#closing.signal });
      this.#inBackground(this.#meeting, EVENTS.transport.noReplyTopic);
    }
    if (this.#parts.strategy === "push") return;
    try {
      await untilAborted(this.#meeting, options.signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      // So that the next one tries again.
      this.#knownClusters = 0;
      throw error;
    }
  }

  /** A broker can be reached again. */
  connected(): void {
    this.#reader.connected();
  }

  /** Sends a message to an address; as {@linkcode Replies.send} says. */
  send(address: string, message: Omit<Message, "topic">, options: SendToOptions): Promise<void> {
    return this.#replies.send(address, message, options);
  }

  /** What is stored with a key; as {@linkcode StoredReplies.find} says. */
  stored(key: string, near: Near | undefined, options: Waiting): Promise<readonly StoredReply[]> {
    return this.#stored.find(key, near, options);
  }

  /** Stops reading and lets nobody wait; resolves when nothing is under way but requests of the client. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#replies.close();
    await this.#reader.close();
    await Promise.all(this.#background);
    this.#wheel.close();
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing;
    let failure: unknown;
    try {
      await this.#topic.ensure({ signal });
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
    this.#reading = true;
    this.#knownClusters = this.#parts.clusters().length;
    // Where nothing may be made or looked at it may be there all the same, or come later.
    const there = failure === undefined || await this.#topic.look({ signal });
    try {
      await this.#reader.start({ signal });
    } catch (error) {
      throw failure ?? error;
    }
    if (!there) throw failure;
  }

  #inBackground(work: Promise<void>, event: string): void {
    const settled = work.catch((error) => {
      if (!this.#closing.signal.aborted) log.warn(event, { error });
    }).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }
}

/** Says what else can be done where the reply topic may not be made. */
function refused(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.code !== "failed_precondition") return error;
  const message = `${error.message}\nOr have replies pushed: remoting({ replies: "push" })`;
  return new RpcError(error.code, message, { outcome: "not_sent", cause: error.cause });
}
