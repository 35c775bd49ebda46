import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { brokerConfig } from "../../rocketmq/client/broker_config.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { replyTopic } from "../../rocketmq/client/property_names.ts";
import type { StoredMessage } from "../../rocketmq/client/message.ts";
import { queryByKey } from "../../rocketmq/client/query.ts";
import type { Near, StoredReply, Waiting } from "../transport.ts";
import { LOOKUP_BROKERS, LOOKUP_MESSAGES, REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { REPLY_TOPIC } from "./names.ts";
import { clusterOf, type ReplyBroker, replyBrokers } from "./reply_brokers.ts";
import type { ReplyTopic } from "./reply_topic.ts";

/** Says whether a broker stores what it pushes. */
const SWITCH = "storeReplyMessageEnable";

const log = logger("transport");

/**
 * Finds replies on the brokers: those that were pushed in the topic that each cluster has for them, unless its brokers
 * are told to store none, the others in the reply topic.
 */
export class StoredReplies {
  readonly #client: RocketMqClient;
  readonly #topic: ReplyTopic;
  readonly #clusters: () => readonly string[];
  /** By broker address: whether it stores what it pushes, as far as that is known. */
  readonly #storing = new Map<string, boolean>();
  #saidOff = false;

  constructor(client: RocketMqClient, topic: ReplyTopic, clusters: () => readonly string[]) {
    this.#client = client;
    this.#topic = topic;
    this.#clusters = clusters;
  }

  /** Whether a look-up can find anything, as far as that is known. */
  get possible(): boolean {
    if (this.#topic.usable || this.#storing.size === 0) return true;
    for (const storing of this.#storing.values()) if (storing) return true;
    return false;
  }

  /** Notes whether a broker stores what it pushes, as its answer to a push says. */
  learn(broker: string, storing: boolean): void {
    if (this.#storing.get(broker) === storing) return;
    this.#storing.set(broker, storing);
    if (storing || this.#saidOff) return;
    this.#saidOff = true;
    log.warn(EVENTS.transport.repliesNotStored, { address: broker });
  }

  /**
   * All that is stored with a key on its way to an address, the newest first.
   *
   * @throws {RocketMqError} where nothing was found and a broker could not be asked
   */
  async find(key: string, near: Near | undefined, options: Waiting): Promise<readonly StoredReply[]> {
    const known = near === undefined ? this.#clusters() : [await clusterOf(this.#client, near, options)];
    const places = await Promise.all([
      ...known.map((cluster) => this.#pushed(cluster, near, options)),
      this.#pulled(known, near, options),
    ]);
    return await this.#ask(places.flat(), key, options);
  }

  /** The brokers that may have stored what was pushed. */
  async #pushed(cluster: string, near: Near | undefined, options: Waiting): Promise<ReplyBroker[]> {
    const brokers = await replyBrokers(this.#client, replyTopic(cluster), near, options);
    const storing = await Promise.all(brokers.map((broker) => this.#stores(broker, options)));
    return brokers.filter((_, index) => storing[index]);
  }

  /** The brokers that may have stored what was not pushed. */
  async #pulled(
    clusters: readonly string[],
    near: Near | undefined,
    options: Waiting,
  ): Promise<ReplyBroker[]> {
    if (!this.#topic.usable && !await this.#topic.look(options)) return [];
    const brokers = await replyBrokers(this.#client, REPLY_TOPIC, near, options);
    return brokers.filter(({ cluster }) => clusters.includes(cluster));
  }

  async #stores({ address }: ReplyBroker, options: Waiting): Promise<boolean> {
    const known = this.#storing.get(address);
    if (known !== undefined) return known;
    try {
      const config = await brokerConfig(this.#client, address, { timeoutMs: REQUEST_TIMEOUT_MS, ...options });
      this.learn(address, config.get(SWITCH) !== "false");
    } catch (error) {
      options.signal?.throwIfAborted();
      log.debug(EVENTS.transport.roundFailed, { what: `A look at the configuration of ${address}`, error });
    }
    return this.#storing.get(address) ?? true;
  }

  /** Asks all brokers, so many at once. */
  async #ask(
    brokers: readonly ReplyBroker[],
    key: string,
    options: Waiting,
  ): Promise<readonly StoredReply[]> {
    const found: StoredMessage[] = [];
    const failures: unknown[] = [];
    const queue = brokers.values();
    const work = async () => {
      for (const { address, topic } of queue) {
        try {
          const query = { topic, key, max: LOOKUP_MESSAGES };
          const timeoutMs = REQUEST_TIMEOUT_MS;
          found.push(...await queryByKey(this.#client, address, query, { timeoutMs, ...options }));
        } catch (error) {
          options.signal?.throwIfAborted();
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(LOOKUP_BROKERS, brokers.length) }, work));
    if (found.length === 0 && failures.length > 0) throw failures[0];
    return found.sort((one, other) => other.storedAtMs - one.storedAtMs).flatMap(readable);
  }
}

/** One that is damaged is as good as none. */
function readable(stored: StoredMessage): StoredReply[] {
  try {
    return [{ headers: stored.properties, body: stored.body }];
  } catch (error) {
    log.warn(EVENTS.caller.replyRefused, { error });
    return [];
  }
}
