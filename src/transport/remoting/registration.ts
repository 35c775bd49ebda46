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
        this.#brokers.delete(address);
        this.#later(REREGISTER_AFTER_MS, () => this.#tryAgain(address));
      });
      this.#brokers.set(address, registered);
    }
    return registered;
  }

  /** Registers with a broker that is connected and has not answered the first time. */
  #tryAgain(address: string): void {
    if (this.#closed || this.#brokers.has(address) || !this.#client.isConnected(address)) return;
    this.with(address).catch((error) => this.#failed(address, error));
  }

  /** Sends a heartbeat now: what this client consumes there has changed. */
  again(address: string): Promise<void> {
    const registered = this.#beat(address);
    this.#wanted.add(address);
    this.#brokers.set(address, registered);
    registered.catch(() => this.#brokers.delete(address));
    return registered;
  }

  /** The connection is back: registers again, and once more later, when the old connection's end cannot undo it. */
  reconnected(address: string): void {
    if (this.#closed || !this.#wanted.has(address)) return;
    if (!this.#brokers.has(address)) {
      this.with(address).catch((error) => this.#failed(address, error));
      return;
    }
    this.#renew(address);
    if (this.#roles.producerGroup !== undefined) this.#later(REREGISTER_AFTER_MS, () => this.#renew(address));
  }

  /** Leaves every broker. Never rejects: a broker that does not hear it finds out by itself. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    await Promise.allSettled([...this.#wanted].map((address) => this.#leave(address)));
  }

  async #leave(address: string): Promise<void> {
    this.#client.release(address);
    if (!this.#client.isConnected(address)) return;
    const { producerGroup } = this.#roles;
    if (producerGroup !== undefined) await unregister(this.#client, address, { producerGroup });
    for (const { group } of this.#roles.consumerGroups(address)) {
      await unregister(this.#client, address, { consumerGroup: group });
    }
  }

  /**
   * Brokers write the mapping for replies only when the pair of group and connection is new, and a late end of the
   * old connection deletes it: leaving the group first makes it new (protocol notes, 5.5).
   */
  #renew(address: string): void {
    const { producerGroup } = this.#roles;
    const left = producerGroup === undefined
      ? Promise.resolve()
      : unregister(this.#client, address, { producerGroup }).catch(() => {});
    left.then(() => this.#beat(address)).catch((error) => this.#failed(address, error));
  }

  async #beat(address: string): Promise<void> {
    const { producerGroup } = this.#roles;
    await heartbeat(this.#client, address, {
      producerGroups: producerGroup === undefined ? [] : [producerGroup],
      consumerGroups: this.#roles.consumerGroups(address),
    });
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
