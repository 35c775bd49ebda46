import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { masterAddress, type TopicRoute } from "../../rocketmq/client/route.ts";
import type { LookupOptions, QueuePlan, QueueRef, Waiting } from "../transport.ts";
import { mayBeReplica } from "./acting_master.ts";
import { declaredQueues, writableQueues } from "./declared_queues.ts";
import { ROUTE_SUSPECT_MS } from "./defaults.ts";
import { unusable } from "./errors.ts";
import { Faults } from "./faults.ts";
import type { Masters } from "./masters.ts";
import { QueuePlans } from "./queue_plans.ts";
import type { ReplySide } from "./reply_side.ts";

/** Where the messages of topics can go: their queues and masters, by routes, plans and what has failed lately. */
export class TopicQueues {
  /** The declared plans. */
  readonly plans: QueuePlans;
  readonly #client: RocketMqClient;
  readonly #masters: Masters;
  readonly #replies: Pick<ReplySide, "meet">;
  readonly #faults: Faults;
  /** The queues of a route that can be written, worked out once its masters have been met. */
  readonly #writable = new WeakMap<TopicRoute, readonly QueueRef[]>();

  /**
   * @param client the one that sends
   * @param masters those that it is registered with
   * @param replies how replies come: has to be ready before the first request
   */
  constructor(client: RocketMqClient, masters: Masters, replies: Pick<ReplySide, "meet">) {
    this.plans = new QueuePlans(client);
    this.#client = client;
    this.#masters = masters;
    this.#replies = replies;
    this.#faults = new Faults(client.clock);
  }

  /**
   * The queues that can be written now, those of masters that work where there are such.
   *
   * @throws {RpcError} `permission_denied` or `unavailable`, both `not_sent`, where there are none
   * @throws {RocketMqError} where they cannot be looked up
   */
  async writable(topic: string, options: LookupOptions): Promise<readonly QueueRef[]> {
    const route = await this.#client.route(topic, options);
    const all = this.#writable.get(route) ?? await this.#meet(route, options);
    if (all.length === 0) {
      const replicas = [...route.brokers.keys()].some((name) => mayBeReplica(route, name));
      throw unusable(topic, "write", replicas || declaredQueues(route).length > 0);
    }
    if (this.#faults.none) return all;
    const better = all.filter(({ broker }) => !this.#faults.avoids(masterAddress(route, broker) ?? ""));
    // Where all have failed lately, none is better than another.
    return better.length === 0 || better.length === all.length ? all : better;
  }

  /**
   * The plan of a topic.
   *
   * @throws {RocketMqError} where there is no such topic, or it cannot be looked up
   */
  async plan(topic: string, options: LookupOptions): Promise<QueuePlan> {
    const route = await this.#client.route(topic, { signal: options.signal });
    if (!this.#writable.has(route)) await this.#meet(route, options);
    return await this.plans.get(route, options);
  }

  /** A send to that master has worked. */
  worked(address: string): void {
    this.#faults.worked(address);
  }

  /** A send to that master has failed: it may have moved, so the next go by a route that is looked up again. */
  failed(address: string, topic: string, error: unknown): void {
    this.#faults.failed(address, error);
    if (this.#faults.avoids(address)) {
      this.#client.route(topic, { maxAgeMs: ROUTE_SUSPECT_MS }).catch(() => {});
    }
  }

  /** Registers with the masters of a topic before its first request; those that do not answer are avoided for now. */
  async #meet(route: TopicRoute, { signal }: Waiting): Promise<readonly QueueRef[]> {
    for (const [address, error] of await this.#masters.meetFor(route, { signal })) {
      this.#faults.failed(address, error);
    }
    await this.#replies.meet({ signal });
    const writable = writableQueues(route);
    this.#writable.set(route, writable);
    return writable;
  }
}
