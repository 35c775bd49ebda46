import type { Clock, Timer } from "../../async/clock.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { type ConsumerGroup, heartbeat, unregister } from "../../rocketmq/client/heartbeat.ts";
import { HEARTBEAT_INTERVAL_MS, REREGISTER_AFTER_MS } from "./defaults.ts";

const log = logger("transport");

/** What a client is registered as. */
export interface Roles {
  /** Set for the client that replies are pushed to. */
  readonly producerGroup?: string | undefined;
  /** The groups that it consumes in, at that broker. */
  consumerGroups(address: string): readonly ConsumerGroup[];
  /** Told when the client is found by replies again, that have missed it until now. */
  readonly renewed?: (() => void) | undefined;
}

/**
 * Keeps one client registered with its brokers: a heartbeat at once for each new one, every 30 s, and after every
 * reconnect. Brokers push replies only to whom they know, and forget clients after two minutes.
 */
export class Registration {
  readonly #client: RocketMqClient;
  readonly #clock: Clock;
  readonly #roles: Roles;
  readonly #brokers = new Map<string, Promise<void>>();
  /** Those to register with, also while they cannot be reached. */
  readonly #wanted = new Set<string>();
  /** How many connections there were to each broker. */
  readonly #connections = new Map<string, number>();
  /** Brokers where the second producer group is named too. */
  readonly #named = new Set<string>();
  /** Heartbeats without an answer yet. */
  readonly #beating = new Map<string, Set<Promise<void>>>();
  readonly #timers = new Set<Timer>();
  #closed = false;

  constructor(client: RocketMqClient, clock: Clock, roles: Roles) {
    this.#client = client;
    this.#clock = clock;
    this.#roles = roles;
    this.#later(HEARTBEAT_INTERVAL_MS, () => this.#beatAll());
  }

  /**
   * Registers with a broker unless it is; concurrent calls share one heartbeat. A failed one is tried again next time,
   * and when the broker can be reached.
   */
  with(address: string): Promise<void> {
    let registered = this.#brokers.get(address);
    if (registered === undefined) {
      this.#wanted.add(address);
      this.#client.keep(address);
      registered = this.#beat(address);
      registered.catch(() => {
        if (this.#brokers.get(address) === registered) this.#brokers.delete(address);
        this.#later(REREGISTER_AFTER_MS, () => this.#tryAgain(address));
      });
      this.#brokers.set(address, registered);
    }
    return registered;
  }

  /** Registers with a broker that is connected and has not answered the first time. */
  #tryAgain(address: string): void {
    if (this.#closed || this.#brokers.has(address)) return;
    if (!this.#wanted.has(address) || !this.#client.isConnected(address)) return;
    this.with(address).catch((error) => this.#failed(address, error));
  }

  /** Sends a heartbeat now: what this client consumes there has changed. */
  again(address: string): Promise<void> {
    const registered = this.#beat(address);
    this.#wanted.add(address);
    this.#brokers.set(address, registered);
    registered.catch(() => {
      if (this.#brokers.get(address) === registered) this.#brokers.delete(address);
    });
    return registered;
  }

  /** Deals with an address no longer: its broker has moved. What is connected stays so until it is idle. */
  forget(address: string): void {
    this.#wanted.delete(address);
    this.#brokers.delete(address);
    this.#named.delete(address);
    this.#client.release(address);
  }

  /**
   * There is a connection. Where it is not the first one: registers again, and once more later, when the old
   * connection's end cannot undo it any more.
   */
  connected(address: string): void {
    const connection = (this.#connections.get(address) ?? 0) + 1;
    this.#connections.set(address, connection);
    if (this.#closed || !this.#wanted.has(address)) return;
    if (!this.#brokers.has(address)) {
      this.with(address).catch((error) => this.#failed(address, error));
      return;
    }
    if (connection === 1) return;
    this.#named.delete(address);
    this.#renew(address);
    if (this.#roles.producerGroup === undefined) return;
    this.#later(REREGISTER_AFTER_MS, () => {
      if (this.#connections.get(address) !== connection || !this.#wanted.has(address)) return;
      this.#named.add(address);
      this.#renew(address);
    });
  }

  /**
   * Leaves a consumer group that no further heartbeat names. Brokers deal with requests of one connection side by side: a
   * heartbeat from before could be the last one dealt with, and leave a member behind that nobody is. Queues would be
   * its own for as long as the connection lasts.
   *
   * @throws {RocketMqError} when the broker does not hear it: it finds out by itself
   */
  async leave(address: string, consumerGroup: string): Promise<void> {
    await this.#quiet(address);
    await unregister(this.#client, address, { consumerGroup });
  }

  /** Leaves every broker. Never rejects: a broker that does not hear it finds out by itself. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    await Promise.allSettled([...this.#wanted].map((address) => this.#leaveAll(address)));
  }

  async #leaveAll(address: string): Promise<void> {
    this.#client.release(address);
    if (!this.#client.isConnected(address)) return;
    await this.#quiet(address);
    for (const producerGroup of this.#producerGroups(address)) {
      await unregister(this.#client, address, { producerGroup });
    }
    for (const { group } of this.#roles.consumerGroups(address)) {
      await unregister(this.#client, address, { consumerGroup: group });
    }
  }

  /** Registers again, and tells that replies may have been missed until then. */
  #renew(address: string): void {
    this.#beat(address).then(
      () => this.#closed || this.#roles.renewed?.(),
      (error) => this.#failed(address, error),
    );
  }

  async #beat(address: string): Promise<void> {
    const answered = heartbeat(this.#client, address, {
      producerGroups: this.#producerGroups(address),
      consumerGroups: this.#roles.consumerGroups(address),
    }).then(() => {});
    const beating = this.#beating.get(address) ?? new Set();
    this.#beating.set(address, beating.add(answered));
    try {
      await answered;
    } finally {
      beating.delete(answered);
      if (beating.size === 0) this.#beating.delete(address);
    }
  }

  /** Waits for the heartbeats that are on their way. */
  async #quiet(address: string): Promise<void> {
    await Promise.allSettled(this.#beating.get(address) ?? []);
  }

  /**
   * Brokers write the mapping for replies only when the pair of group and connection is new, and a late end of the
   * old connection deletes it (protocol notes, 5.5). A second group makes a new pair on the same connection. Leaving the
   * group and joining it again would do so too, but whoever replies in between finds nobody.
   */
  #producerGroups(address: string): readonly string[] {
    const { producerGroup } = this.#roles;
    if (producerGroup === undefined) return [];
    return this.#named.has(address) ? [producerGroup, `${producerGroup}-again`] : [producerGroup];
  }

  #beatAll(): void {
    for (const address of this.#brokers.keys()) {
      this.#beat(address).catch((error) => this.#failed(address, error));
    }
    this.#later(HEARTBEAT_INTERVAL_MS, () => this.#beatAll());
  }

  #failed(address: string, error: unknown): void {
    log.warn(EVENTS.transport.roundFailed, { what: `A heartbeat to ${address}`, error });
  }

  #later(ms: number, callback: () => void): void {
    if (this.#closed) return;
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }
}
