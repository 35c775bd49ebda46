import type { Clock, Timer } from "../../async/clock.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { brokerRuntimeInfo } from "../../rocketmq/client/broker_info.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { clusterInfo, masterAddresses } from "../../rocketmq/client/cluster.ts";
import { replyTopic } from "../../rocketmq/client/property_names.ts";
import { masterAddress, type TopicRoute } from "../../rocketmq/client/route.ts";
import { RocketMqError } from "../../rocketmq/error.ts";
import type { Waiting } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { MAX_REMOTING_DELAY_MS, MEET_GRACE_MS } from "./defaults.ts";
import type { Registration } from "./registration.ts";

/** What only a broker with a timer tells about itself: RocketMQ 5.0 and newer, unless it is switched off. */
const TIMER_STATE = "timerReadBehind";

const log = logger("transport");

/**
 * The masters that an instance deals with: it is registered with them, so that it is reached past all queues, and knows
 * what they can do.
 */
export class Masters {
  readonly #client: RocketMqClient;
  readonly #clock: Clock;
  readonly #registration: Registration;
  readonly #clusters = new Set<string>();
  /** Where the master of each broker was met last, by broker name. */
  readonly #addresses = new Map<string, string>();
  /** By address: whether it can hold messages back. */
  readonly #timers = new Map<string, boolean>();
  #delayMs: number | false = false;
  /** Whether it was said that some of them can and some cannot. */
  #mixed = false;

  /**
   * @param client the one that is found by replies
   * @param registration keeps it registered
   */
  constructor(client: RocketMqClient, registration: Registration) {
    this.#client = client;
    this.#clock = client.clock;
    this.#registration = registration;
  }

  /** The clusters met so far. */
  get clusters(): readonly string[] {
    return [...this.#clusters].sort();
  }

  /** Longest delay that all masters can hold a message back for, as far as they are known. */
  get delayMs(): number | false {
    return this.#delayMs;
  }

  /**
   * Meets all masters where the name servers know one cluster. Those of several may be no business of this instance:
   * each is met when something of it is used. Never rejects: who cannot be met now is met later.
   */
  async meetOnlyCluster(): Promise<void> {
    try {
      const info = await clusterInfo(this.#client);
      const clusters = new Set([...info.brokers.values()].map(({ cluster }) => cluster));
      const [only] = clusters;
      if (only === undefined || clusters.size > 1) return;
      this.#clusters.add(only);
      const masters = masterAddresses(info);
      for (const [brokerName, address] of masters) this.#follow(brokerName, address);
      await Promise.allSettled([...masters.values()].map((address) => this.#meet(address)));
    } catch (error) {
      log.debug(EVENTS.transport.roundFailed, { what: "A look at the cluster", error });
    }
  }

  /** Meets masters of the clusters that hold a topic, as far as they can be met now. */
  async tryToMeetFor(route: TopicRoute, options: Waiting): Promise<void> {
    try {
      await this.meetFor(route, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      log.debug(EVENTS.transport.roundFailed, { what: `A look at the cluster of "${route.topic}"`, error });
    }
  }

  /**
   * Meets all masters of the clusters that hold a topic, once one of them has been met no longer than a moment.
   *
   * @returns those that could not be met so far; they are as soon as they can be reached
   * @throws {RocketMqError} when none of them can be met
   */
  async meetFor(route: TopicRoute, options: Waiting): Promise<ReadonlyMap<string, RocketMqError>> {
    const addresses = new Set<string>();
    for (const cluster of new Set([...route.brokers.values()].map(({ cluster }) => cluster))) {
      const replies = await this.#client.route(replyTopic(cluster), options);
      for (const brokerName of replies.brokers.keys()) {
        const address = masterAddress(replies, brokerName);
        if (address === undefined) continue;
        addresses.add(address);
        this.#follow(brokerName, address);
      }
      this.#clusters.add(cluster);
    }
    return await untilAborted(this.#meetAll(addresses), options.signal);
  }

  /** A master that has moved is not looked for any more where it was. */
  #follow(brokerName: string, address: string): void {
    const before = this.#addresses.get(brokerName);
    this.#addresses.set(brokerName, address);
    if (before === undefined || [...this.#addresses.values()].includes(before)) return;
    this.#registration.forget(before);
    this.#timers.delete(before);
  }

  #meetAll(addresses: ReadonlySet<string>): Promise<ReadonlyMap<string, RocketMqError>> {
    const unmet = new Map<string, RocketMqError>();
    for (const address of addresses) {
      unmet.set(address, new RocketMqError("not_sent", `No answer from ${address} so far`, { address }));
    }
    return new Promise((resolve, reject) => {
      if (addresses.size === 0) return resolve(unmet);
      let grace: Timer | undefined;
      let left = addresses.size;
      const settled = (address: string, error: unknown): void => {
        left--;
        if (error === undefined) {
          unmet.delete(address);
          grace ??= this.#clock.after(MEET_GRACE_MS, () => resolve(new Map(unmet)));
        } else if (error instanceof RocketMqError) unmet.set(address, error);
        if (left > 0) return;
        grace?.cancel();
        if (unmet.size < addresses.size) resolve(unmet);
        else reject(error);
      };
      for (const address of addresses) {
        this.#meet(address).then(() => settled(address, undefined), (error) => settled(address, error));
      }
    });
  }

  /**
   * Longest delay that one master can hold a message back for.
   *
   * @throws {RocketMqError} when it cannot be asked
   */
  async delayMsOf(address: string, options: Waiting): Promise<number | false> {
    const timer = this.#timers.get(address) ?? await this.#learn(address, options);
    return timer && MAX_REMOTING_DELAY_MS;
  }

  async #meet(address: string): Promise<void> {
    await this.#registration.with(address);
    if (this.#timers.has(address)) return;
    // For about a second after its start a broker tells nothing: then it is asked again when it matters.
    await this.#learn(address, {}).catch((error) =>
      log.debug(EVENTS.transport.roundFailed, { what: `A look at ${address}`, error })
    );
  }

  async #learn(address: string, options: Waiting): Promise<boolean> {
    const { table } = await brokerRuntimeInfo(this.#client, address, options);
    const timer = table.has(TIMER_STATE);
    this.#timers.set(address, timer);
    const without = [...this.#timers].filter(([, has]) => !has).map(([each]) => each);
    if (without.length > 0 && without.length < this.#timers.size && !this.#mixed) {
      this.#mixed = true;
      log.warn(EVENTS.transport.mixedVersions, { brokers: without.join(", ") });
    }
    this.#delayMs = [...this.#timers.values()].every((has) => has) && MAX_REMOTING_DELAY_MS;
    return timer;
  }
}
