import type { TimerWheel } from "../../async/timer_wheel.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { replyTopic } from "../../rocketmq/client/property_names.ts";
import { pushedBody } from "../../rocketmq/client/pushed_body.ts";
import { sendReply } from "../../rocketmq/client/send.ts";
import type { Command } from "../../rocketmq/remote/command.ts";
import { closed } from "../closed.ts";
import type { DirectMessage, Message, SendToOptions } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import {
  CALLER_GROUP,
  DIRECT_TRIES,
  PUSH_TIMEOUT_MS,
  PUSH_UNANSWERED_MS,
  REPLY_TRIES,
  SMALL_REPLY_BYTES,
} from "./defaults.ts";
import { isNotSent } from "./errors.ts";
import { replyProperties, toDirectMessage, toProperties } from "./messages.ts";
import type { Push, PushGate } from "./push_gate.ts";
import { parseReplyAddress, type ReplyAddress } from "./reply_address.ts";
import { clusterOf, type ReplyBroker, replyBrokers } from "./reply_brokers.ts";
import type { ReplyTopic } from "./reply_topic.ts";
import type { StoredReplies } from "./stored_replies.ts";

const log = logger("transport");

/** What sending past all queues takes. */
export interface ReplyParts {
  readonly client: RocketMqClient;
  /** Pulls and marks requests. Small replies to them travel in its writes. */
  readonly consuming: RocketMqClient;
  readonly wheel: TimerWheel;
  readonly gate: PushGate;
  readonly topic: ReplyTopic;
  readonly stored: StoredReplies;
  /** The clusters that this instance deals with. */
  readonly clusters: () => readonly string[];
}

/** What became of a message at one broker. */
type Pushed =
  /** Its receiver has it. */
  | "pushed"
  /** Its receiver does not have it, but can look it up. */
  | "stored"
  /** The broker knows no such receiver, and keeps nothing. */
  | "dropped"
  /** It is in the reply topic instead, or has to go there. */
  | "elsewhere"
  | "unanswered";

/** A message that is to be pushed, and to whom. */
interface Outgoing {
  readonly to: ReplyAddress;
  readonly message: Omit<Message, "topic">;
  readonly properties: readonly [string, string][];
  readonly options: SendToOptions;
}

/**
 * Sends what goes past all queues, either way that its address says. What an instance of ours cannot be pushed in time
 * goes to the reply topic, which all of them read.
 */
export class Replies {
  readonly #parts: ReplyParts;
  #unanswered = 0;
  #closed = false;

  constructor(parts: ReplyParts) {
    this.#parts = parts;
  }

  /** Messages whose push was not answered in time. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Pushes nothing more; messages that wait for their turn fail. */
  close(): void {
    this.#closed = true;
    this.#parts.gate.close();
  }

  /**
   * Sends a message. Resolves once its receiver has it, or it is stored where its receiver finds it.
   *
   * @throws {RocketMqError} when no broker took it, or one may have
   * @throws {RpcError} when the address is none of this transport, or no broker is known
   */
  async send(address: string, message: Omit<Message, "topic">, options: SendToOptions): Promise<void> {
    const to = parseReplyAddress(address);
    if (to.strategy === "topic" && to.instance !== undefined) {
      return await this.#parts.topic.store(to.instance, message, options);
    }
    const properties = [...replyProperties(to, message.plain), ...toProperties(message)];
    await this.#pushSomewhere({ to, message, properties, options });
  }

  /**
   * Asks one broker after the other. A reply goes to the broker of its request first, because requesters register
   * there; then to one other. What answers nothing goes to the clusters that this instance knows, until one of their
   * brokers knows the receiver. A broker that certainly did not take it is passed over.
   */
  async #pushSomewhere(outgoing: Outgoing): Promise<void> {
    const { to, options: { signal } } = outgoing;
    let stored = false;
    let failure: unknown;
    for (const broker of await this.#brokers(outgoing)) {
      try {
        const pushed = await this.#pushAt(broker, outgoing);
        if (pushed === "pushed") return;
        if (pushed === "elsewhere") return await this.#divert(outgoing);
        if (pushed === "stored") stored = true;
      } catch (error) {
        signal?.throwIfAborted();
        failure = error;
        // It may have been pushed, and would come twice by another broker: only ours know the second one for what it is.
        if (to.instance === undefined && !isNotSent(error)) break;
      }
    }
    if (stored) return;
    // Nobody has it, or nobody knows.
    if (this.#divertible(outgoing)) return await this.#divert(outgoing);
    throw failure ?? unreachable(to);
  }

  async #brokers({ options: { near, signal } }: Outgoing): Promise<readonly ReplyBroker[]> {
    const { client, clusters } = this.#parts;
    const known = near === undefined ? clusters() : [await clusterOf(client, near, { signal })];
    const all = await Promise.all(
      known.map((cluster) => replyBrokers(client, replyTopic(cluster), near, { signal })),
    );
    const brokers = all.flat().slice(0, near === undefined ? DIRECT_TRIES : REPLY_TRIES);
    if (brokers.length > 0) return brokers;
    throw new RpcError("unavailable", "No broker is known that could carry it", { outcome: "not_sent" });
  }

  async #pushAt(broker: ReplyBroker, outgoing: Outgoing): Promise<Pushed> {
    const { to, options: { signal } } = outgoing;
    const divertible = this.#divertible(outgoing);
    const { gate } = this.#parts;
    const ours = to.instance !== undefined;
    const push: Push = { broker: broker.address, receiver: to.clientId, ours, divertible };
    signal?.throwIfAborted();
    if (this.#closed) throw closed();
    const admission = gate.enter(push, signal);
    // Without a wait it leaves at once: what is sent in one turn stays in its order.
    const admitted = typeof admission === "string" ? admission : await admission;
    if (admitted === "diverted") return "elsewhere";
    if (admitted === "refused") throw this.#closed ? closed() : tooMany(broker);
    const pushing = this.#push(push, broker, outgoing);
    if (!divertible) return await untilAborted(pushing, signal);
    const pushed = await untilAborted(this.#inTime(pushing), signal);
    if (pushed !== "unanswered") return pushed;
    this.#unanswered++;
    gate.silent(push);
    try {
      await this.#divert(outgoing);
      return "pushed";
    } catch (error) {
      log.debug(EVENTS.transport.roundFailed, { what: `Storing what ${to.clientId} has not taken`, error });
      return await untilAborted(pushing, signal);
    }
  }

  /** Has it pushed. Leaves the gate when the broker's thread is free again, whoever still waits. */
  async #push(push: Push, broker: ReplyBroker, outgoing: Outgoing): Promise<Pushed> {
    const { gate, stored } = this.#parts;
    const { brokerName, address, topic } = broker;
    const { message, properties } = outgoing;
    let answered = false;
    try {
      const result = await sendReply(
        this.#clientTo(address, outgoing),
        address,
        { brokerName, topic, queueId: 0, properties, body: message.body, producerGroup: CALLER_GROUP },
        { timeoutMs: PUSH_TIMEOUT_MS },
      );
      answered = result.pushed;
      const kept = result.messageId !== undefined && result.messageId !== NOT_STORED;
      stored.learn(address, kept);
      return result.pushed ? "pushed" : kept ? "stored" : "dropped";
    } finally {
      gate.leave(push, answered);
    }
  }

  /**
   * A small reply goes with the next pull and the marks of its calls in one write. Locks and signs of life go by that
   * connection too, and must not wait behind large ones.
   */
  #clientTo(address: string, { message, options: { near } }: Outgoing): RocketMqClient {
    const { client, consuming } = this.#parts;
    const small = message.body.length <= SMALL_REPLY_BYTES;
    return near !== undefined && small && consuming.isConnected(address) ? consuming : client;
  }

  #inTime(pushing: Promise<Pushed>): Promise<Pushed> {
    // Should it fail when nobody waits for it any more, that is no news.
    pushing.catch(() => {});
    return new Promise((resolve, reject) => {
      const timer = this.#parts.wheel.schedule(PUSH_UNANSWERED_MS, () => resolve("unanswered"));
      pushing.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #divertible({ to }: Outgoing): boolean {
    return to.instance !== undefined && this.#parts.topic.usable;
  }

  async #divert({ to, message, options }: Outgoing): Promise<void> {
    if (to.instance === undefined) throw unreachable(to);
    await this.#parts.topic.store(to.instance, message, options);
  }
}

/** What a broker answers that has pushed a reply and keeps none. */
const NOT_STORED = "0";

function unreachable({ clientId }: ReplyAddress): RpcError {
  const message = `No broker knows "${clientId}", and none keeps replies: storeReplyMessageEnable is off`;
  return new RpcError("unavailable", message, { outcome: "not_sent" });
}

function tooMany({ brokerName }: ReplyBroker): RpcError {
  const message = `Too many replies wait until broker "${brokerName}" has pushed those before them`;
  return new RpcError("resource_exhausted", message, { outcome: "not_sent" });
}

/** Hands a pushed reply (code 326) to the listener. What cannot be read is logged: its broker has nothing to mend. */
export function receivePushed(command: Command, listener: (message: DirectMessage) => void): void {
  let message: DirectMessage;
  try {
    const body = pushedBody(command.body, Number(command.fields["sysFlag"] ?? 0));
    message = toDirectMessage(command.fields["properties"] ?? "", body);
  } catch (error) {
    log.warn(EVENTS.caller.replyRefused, { error });
    return;
  }
  // Two turns of the queue: in the first the answer is written, for which a thread of the broker waits.
  queueMicrotask(() => queueMicrotask(() => listener(message)));
}
