import type { Clock } from "../../async/clock.ts";
import type { Random } from "../../async/random.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import type { ConsumerGroup } from "../../rocketmq/client/heartbeat.ts";
import { unregister } from "../../rocketmq/client/heartbeat.ts";
import { masterAddress, PERM_READ } from "../../rocketmq/client/route.ts";
import type { Sink, Subscription, TransportStart, Waiting } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { BrokerShare } from "./broker_share.ts";
import { Registration } from "./registration.ts";

/** The consuming side of one instance: its groups, and its shares of their queues at each broker. */
export class Consumer {
  readonly #client: RocketMqClient;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #instance: number;
  readonly #registration: Registration;
  readonly #shares = new Set<BrokerShare>();
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #version: number;

  constructor(client: RocketMqClient, { clock, random, instance }: TransportStart) {
    this.#client = client;
    this.#clock = clock;
    this.#random = random;
    this.#instance = instance;
    this.#version = Math.floor(clock.now());
    this.#registration = new Registration(client, clock, {
      consumerGroups: (address) => this.#groupsAt(address),
    });
    client.onConnection(({ address, state }) => {
      if (state === "connected") this.#connected(address);
      else this.#shares.forEach((share) => share.address === address && share.disconnected());
    });
  }

  /** Joins a group at every master of the topic. Resolves after the first round with each of them. */
  async subscribe(topic: string, group: string, sink: Sink, { signal }: Waiting): Promise<Subscription> {
    if (this.#groups.has(group)) throw new TypeError(`Cannot join group "${group}" twice`);
    const subscriptions = [{ topic, expression: "*", version: this.#version }];
    // At once, so that nobody else joins it meanwhile.
    this.#groups.set(group, { group, subscriptions, consumeType: "CONSUME_ACTIVELY" });
    let shares: readonly BrokerShare[];
    try {
      shares = await this.#sharesOf(topic, group, sink, signal);
    } catch (error) {
      this.#groups.delete(group);
      throw error;
    }
    for (const share of shares) this.#shares.add(share);
    let leaving: Promise<void> | undefined;
    const leave = () => leaving ??= this.#leave(group, shares);
    const subscription: Subscription = { close: (options) => untilAborted(leave(), options?.signal) };
    this.#subscriptions.set(group, subscription);
    try {
      await Promise.all(shares.map(async (share) => {
        this.#client.keep(share.address);
        await this.#registration.again(share.address);
        await share.start(signal);
      }));
    } catch (error) {
      await leave();
      throw error;
    }
    return subscription;
  }

  /** A broker says that the members of a group changed. */
  membersChanged(group: string): void {
    for (const share of this.#shares) if (share.group === group) share.look();
  }

  /** Closes all subscriptions and leaves every broker. */
  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.close()));
    await this.#registration.close();
  }

  /** One share at every master that has queues to read. */
  async #sharesOf(
    topic: string,
    group: string,
    sink: Sink,
    signal: AbortSignal | undefined,
  ): Promise<readonly BrokerShare[]> {
    const route = await this.#client.route(topic, { signal });
    return route.queues.flatMap(({ brokerName, read, perm }): BrokerShare[] => {
      const address = masterAddress(route, brokerName);
      if (address === undefined || (perm & PERM_READ) === 0) return [];
      const place = { topic, group, brokerName, address, queues: read };
      const sources = { clock: this.#clock, random: this.#random, instance: this.#instance };
      return [new BrokerShare({ client: this.#client, sink, ...sources, ...place })];
    });
  }

  async #leave(group: string, shares: readonly BrokerShare[]): Promise<void> {
    await Promise.all(shares.map((share) => share.close()));
    for (const share of shares) this.#shares.delete(share);
    await Promise.allSettled(
      shares.filter(({ address }) => this.#client.isConnected(address))
        .map(({ address }) => unregister(this.#client, address, { consumerGroup: group })),
    );
    this.#groups.delete(group);
    this.#subscriptions.delete(group);
  }

  #connected(address: string): void {
    const shares = [...this.#shares].filter((share) => share.address === address);
    if (shares.length === 0) return;
    this.#registration.again(address).then(
      () => shares.forEach((share) => share.look()),
      // The next probe or heartbeat tells more; a broker that does not answer loses its partitions.
      () => {},
    );
  }

  #groupsAt(address: string): readonly ConsumerGroup[] {
    const names = new Set(
      [...this.#shares].filter((share) => share.address === address).map(({ group }) => group),
    );
    return [...this.#groups.values()].filter(({ group }) => names.has(group));
  }
}
