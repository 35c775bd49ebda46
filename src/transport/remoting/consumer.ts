import type { Clock } from "../../async/clock.ts";
import type { Random } from "../../async/random.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import type { ConsumerGroup } from "../../rocketmq/client/heartbeat.ts";
import { unregister } from "../../rocketmq/client/heartbeat.ts";
import { masterAddress, PERM_READ } from "../../rocketmq/client/route.ts";
import type { Sink, Subscription, TransportStart, Waiting } from "../transport.ts";
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
    const route = await this.#client.route(topic, { signal });
    const shares: BrokerShare[] = [];
    for (const { brokerName, read, perm } of route.queues) {
      const address = masterAddress(route, brokerName);
      if (address === undefined || (perm & PERM_READ) === 0) continue;
      shares.push(
        new BrokerShare({
          client: this.#client,
          clock: this.#clock,
          random: this.#random,
          instance: this.#instance,
          sink,
          topic,
          group,
          brokerName,
          address,
          queues: read,
        }),
      );
    }
    const subscription = { topic, expression: "*", version: this.#version };
    this.#groups.set(group, { group, subscriptions: [subscription], consumeType: "CONSUME_ACTIVELY" });
    for (const share of shares) this.#shares.add(share);
    const leave = () => this.#leave(group, shares);
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
    return { close: leave };
  }

  /** A broker says that the members of a group changed. */
  membersChanged(group: string): void {
    for (const share of this.#shares) if (share.group === group) share.look();
  }

  /** Leaves every broker. Subscriptions are closed before. */
  close(): Promise<void> {
    return this.#registration.close();
  }

  async #leave(group: string, shares: readonly BrokerShare[]): Promise<void> {
    await Promise.all(shares.map((share) => share.close()));
    if (!this.#groups.delete(group)) return;
    for (const share of shares) this.#shares.delete(share);
    await Promise.allSettled(
      shares.filter(({ address }) => this.#client.isConnected(address))
        .map(({ address }) => unregister(this.#client, address, { consumerGroup: group })),
    );
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
