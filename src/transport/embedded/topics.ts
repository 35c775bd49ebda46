import { RpcError } from "../../errors/rpc_error.ts";
import { otherSlots } from "../other_slots.ts";
import type { QueuePlan, QueueRef, TopicSpec } from "../transport.ts";
import type { ConsumerGroup, GroupHost } from "./group.ts";
import { OffsetGroup, type RestoredState } from "./offset_group.ts";
import type { BrokerSettings } from "./options.ts";
import { SharedGroup } from "./shared_group.ts";
import { Topic } from "./topic.ts";

/** What there is on a broker: its topics, and the groups that consume them. */
export class Topics {
  readonly #ownership: BrokerSettings["ownership"];
  readonly #host: GroupHost;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new Map<string, ConsumerGroup>();

  constructor(ownership: BrokerSettings["ownership"], host: GroupHost) {
    this.#ownership = ownership;
    this.#host = host;
  }

  /** All groups. */
  get groups(): Iterable<ConsumerGroup> {
    return this.#groups.values();
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  group(name: string): ConsumerGroup | undefined {
    return this.#groups.get(name);
  }

  /**
   * Makes topics and groups that are not there.
   *
   * @throws {RpcError} `failed_precondition` / `not_sent` where a topic's queues are divided otherwise
   */
  ensure(specs: readonly TopicSpec[]): void {
    for (const { topic: name, queues, group, slots } of specs) {
      const topic = this.#topics.get(name) ?? this.make(name, queues);
      if (slots !== undefined && slots !== topic.slots) this.#divide(topic, slots);
      if (group === undefined || this.#groups.has(group)) continue;
      this.#host.journal?.group(group, name);
      const create = (): ConsumerGroup => this.#groupOf(group, topic);
      this.#groups.set(group, topic.consume(create, this.#host.retention));
    }
  }

  /** Makes a topic. */
  make(name: string, queues: number): Topic {
    const topic = new Topic(name, queues);
    this.#topics.set(name, topic);
    this.#host.journal?.topic(topic);
    return topic;
  }

  /** Changes the queue plan of a topic to the first queues of it. */
  declare(name: string, number: number, queues: number): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new TypeError(`Cannot declare a plan: there is no topic "${name}"`);
    topic.plan = planOf(topic.refs, number, queues);
    this.#host.journal?.topic(topic);
  }

  /** Adds a topic that was there before the broker was. */
  restore(topic: Topic): void {
    this.#topics.set(topic.name, topic);
  }

  /** Adds a group that was there before the broker was, with what it had settled and started by queue. */
  restoreGroup(name: string, topic: Topic, states: ReadonlyMap<number, RestoredState>): void {
    const group = this.#groupOf(name, topic, states);
    topic.restored(group);
    this.#groups.set(name, group);
  }

  /** Forgets everything. */
  clear(): void {
    this.#topics.clear();
    this.#groups.clear();
  }

  #divide(topic: Topic, slots: number): void {
    topic.slots ??= slots;
    if (slots !== topic.slots) {
      const message = otherSlots(topic.name, topic.slots, slots);
      throw new RpcError("failed_precondition", message, { outcome: "not_sent" });
    }
    this.#host.journal?.topic(topic);
  }

  #groupOf(name: string, topic: Topic, states?: ReadonlyMap<number, RestoredState>): ConsumerGroup {
    return this.#ownership === "offset"
      ? new OffsetGroup(name, topic.queues, this.#host, states)
      : new SharedGroup(topic.queues, this.#host);
  }
}

/** A plan of the first queues of a topic. */
export function planOf(refs: readonly QueueRef[], number: number, queues: number): QueuePlan {
  return Object.freeze({ number, queues: Object.freeze(refs.slice(0, queues)) });
}
