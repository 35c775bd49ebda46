import type { Clock } from "../../async/clock.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { sendMessage } from "../../rocketmq/client/send.ts";
import { ResponseCode } from "../../rocketmq/remote/codes.ts";
import type { Message, SendToOptions, Waiting } from "../transport.ts";
import { CALLER_GROUP, REPLY_QUEUES, REPLY_TRIES, REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { isRefusal } from "./errors.ts";
import { pulledProperties } from "./messages.ts";
import { REPLY_TOPIC, replyTag } from "./names.ts";
import { clusterOf, type ReplyBroker, replyBrokers } from "./reply_brokers.ts";
import { ensureTopics } from "./topics.ts";

/** Where an instance's replies are, by the queues that a broker has. Each end works it out for itself. */
export function replyQueue(instance: number, queues: number): number {
  return instance % REPLY_QUEUES % queues;
}

/**
 * The topic of replies that instances pull. All of ours read it, those that replies are pushed to as well: what cannot
 * be pushed in time goes there.
 */
export class ReplyTopic {
  readonly #client: RocketMqClient;
  readonly #clock: Clock;
  /** The clusters that this instance deals with. */
  readonly #clusters: () => readonly string[];
  #usable = false;
  #stored = 0;

  constructor(client: RocketMqClient, clock: Clock, clusters: () => readonly string[]) {
    this.#client = client;
    this.#clock = clock;
    this.#clusters = clusters;
  }

  /** Whether the name servers knew the topic when it was looked at last. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Messages that this instance stored in it. */
  get stored(): number {
    return this.#stored;
  }

  /**
   * Makes the topic and its group where they are missing.
   *
   * @throws {RpcError} `failed_precondition` / `not_sent` with the commands to run, where brokers do not let us
   */
  async ensure({ signal }: Waiting): Promise<void> {
    const spec = { topic: REPLY_TOPIC, queues: REPLY_QUEUES, groups: [REPLY_TOPIC] };
    await ensureTopics([spec], { client: this.#client, clock: this.#clock, signal });
    this.#usable = true;
  }

  /** Looks whether the topic is there by now. */
  async look(options: Waiting): Promise<boolean> {
    try {
      await this.#client.route(REPLY_TOPIC, options);
      this.#usable = true;
    } catch (error) {
      options.signal?.throwIfAborted();
      // Any other failure says nothing about the topic.
      if (isRefusal(error, ResponseCode.TOPIC_NOT_EXIST)) this.#usable = false;
    }
    return this.#usable;
  }

  /**
   * Stores a message where its receiver pulls it. One that answers a request goes to the request's broker, else to one
   * other of its cluster. One that answers nothing goes to every cluster that this instance knows: which of them its
   * receiver reads is not known.
   *
   * @throws {RocketMqError} when no broker took it, or one may have
   * @throws {RpcError} when no broker is known
   */
  async store(
    instance: number,
    message: Omit<Message, "topic">,
    { near, signal }: SendToOptions,
  ): Promise<void> {
    const brokers = (await replyBrokers(this.#client, REPLY_TOPIC, near, { signal }))
      .filter(({ queues }) => queues > 0);
    const known = near === undefined ? this.#clusters() : [await clusterOf(this.#client, near, { signal })];
    const properties = pulledProperties(message, replyTag(instance));
    let taken = false;
    for (const cluster of known) {
      const inCluster = brokers.filter((broker) => broker.cluster === cluster).slice(0, REPLY_TRIES);
      if (inCluster.length === 0) continue;
      await this.#storeAt(inCluster, instance, { properties, message }, signal);
      taken = true;
    }
    if (!taken) {
      throw new RpcError("unavailable", `No broker is known that has a queue of "${REPLY_TOPIC}"`, {
        outcome: "not_sent",
      });
    }
    this.#stored++;
  }

  /** Stores it at the first broker that takes it. */
  async #storeAt(
    brokers: readonly ReplyBroker[],
    instance: number,
    { properties, message }: {
      readonly properties: readonly [string, string][];
      readonly message: Omit<Message, "topic">;
    },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    let failure: unknown;
    for (const { brokerName, address, topic, queues } of brokers) {
      const queueId = replyQueue(instance, queues);
      try {
        await sendMessage(
          this.#client,
          address,
          { brokerName, topic, queueId, properties, body: message.body, producerGroup: CALLER_GROUP },
          { timeoutMs: REQUEST_TIMEOUT_MS, signal },
        );
        return;
      } catch (error) {
        signal?.throwIfAborted();
        // Even where it may be stored: its receiver drops the second one.
        failure = error;
      }
    }
    throw failure;
  }
}
