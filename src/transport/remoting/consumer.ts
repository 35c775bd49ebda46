import type { Clock, Timer } from "../../async/clock.ts";
import type { Random } from "../../async/random.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import type { ConsumerGroup } from "../../rocketmq/client/heartbeat.ts";
import { masterAddress, PERM_READ } from "../../rocketmq/client/route.ts";
import type { Sink, Subscription, TransportStart, Waiting } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { isMaster } from "./acting_master.ts";
import { BrokerShare } from "./broker_share.ts";
import { ROUTE_WATCH_MS } from "./defaults.ts";
import { Registration } from "./registration.ts";

/** A group's shares, by broker name. */
interface Places {
  readonly topic: string;
  readonly group: string;
  readonly sink: Sink;
  readonly shares: Map<string, BrokerShare>;
}

const log = logger("transport");

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
    const places = { topic, group, sink, shares: new Map<string, BrokerShare>() };
    try {
      await this.#follow(places, signal);
    } catch (error) {
      this.#groups.delete(group);
      throw error;
    }
    let watch: Timer | undefined;
    let leaving: Promise<void> | undefined;
    const leave = () => {
      watch?.cancel();
      return leaving ??= this.#leave(group, [...places.shares.values()]);
    };
    const subscription: Subscription = { close: (options) => untilAborted(leave(), options?.signal) };
    this.#subscriptions.set(group, subscription);
    try {
      await this.#joinAll([...places.shares.values()], signal);
    } catch (error) {
      await leave();
      throw error;
    }
    const again = (): void => {
      watch = this.#clock.after(ROUTE_WATCH_MS, async () => {
        await this.#followLater(places, () => leaving === undefined);
        if (leaving === undefined) again();
      });
    };
    if (leaving === undefined) again();
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

  /** Sees to it that there is one share at every master that has queues to read. Returns those that are new. */
  async #follow(places: Places, signal: AbortSignal | undefined): Promise<readonly BrokerShare[]> {
    const { topic, group, sink, shares } = places;
    const route = await this.#client.route(topic, { maxAgeMs: ROUTE_WATCH_MS / 2, signal });
    const fresh: BrokerShare[] = [];
    for (const { brokerName, read: queues, perm } of route.queues) {
      const address = masterAddress(route, brokerName);
      const known = shares.get(brokerName);
      if (address === undefined || (perm & PERM_READ) === 0) continue;
      const replica = !await isMaster(this.#client, route, brokerName);
      known?.away(replica);
      if (replica) continue;
      known?.grow(queues);
      // Its master has moved: nothing of it may still run when it begins there.
      if (known !== undefined && known.address !== address) await this.#drop(known);
      else if (known !== undefined) continue;
      const movedAtMs = known === undefined ? undefined : this.#clock.now();
      const place = { topic, group, brokerName, address, queues, movedAtMs };
      const sources = { clock: this.#clock, random: this.#random, instance: this.#instance };
      const share = new BrokerShare({ client: this.#client, sink, ...sources, ...place });
      shares.set(brokerName, share);
      this.#shares.add(share);
      fresh.push(share);
    }
    return fresh;
  }

  /** The same while it runs: masters come, move, and get more queues. Never rejects. */
  async #followLater(places: Places, wanted: () => boolean): Promise<void> {
    try {
      for (const share of await this.#follow(places, undefined)) {
        // It may have been left meanwhile, without this one.
        if (!wanted()) await this.#drop(share);
        else this.#join(share, undefined).catch((error) => this.#failed(share, error));
      }
    } catch (error) {
      log.debug(EVENTS.transport.roundFailed, { what: `A look at the route of ${places.topic}`, error });
    }
  }

  /** Joins at every master, at least at one: the others follow when they can be reached. */
  async #joinAll(shares: readonly BrokerShare[], signal: AbortSignal | undefined): Promise<void> {
    const joined = await Promise.allSettled(shares.map((share) => this.#join(share, signal)));
    const failures = joined.flatMap((result, index) =>
      result.status === "rejected" ? [[index, result] as const] : []
    );
    const [first] = failures;
    if (first === undefined) return;
    if (signal?.aborted || failures.length === shares.length) throw first[1].reason;
    for (const [index, { reason }] of failures) {
      const share = shares[index];
      if (share !== undefined) this.#failed(share, reason);
    }
  }

  /** Joins the group at one master: resolves after its first round. */
  async #join(share: BrokerShare, signal: AbortSignal | undefined): Promise<void> {
    this.#client.keep(share.address);
    await this.#registration.again(share.address);
    await share.start(signal);
  }

  #failed(share: BrokerShare, error: unknown): void {
    // Once it can be reached it is joined by the next heartbeat and probe.
    log.warn(EVENTS.transport.roundFailed, { what: `Joining ${share.group} at ${share.address}`, error });
    share.look();
  }

  async #drop(share: BrokerShare): Promise<void> {
    await share.close();
    this.#shares.delete(share);
    if (![...this.#shares].some(({ address }) => address === share.address)) {
      this.#registration.forget(share.address);
    }
  }

  async #leave(group: string, shares: readonly BrokerShare[]): Promise<void> {
    await Promise.all(shares.map((share) => share.close()));
    for (const share of shares) this.#shares.delete(share);
    await Promise.allSettled(
      shares.filter(({ address }) => this.#client.isConnected(address))
        .map(({ address }) => this.#registration.leave(address, group)),
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
