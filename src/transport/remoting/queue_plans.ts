import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { clusterInfo, masterAddresses } from "../../rocketmq/client/cluster.ts";
import type { HeldValue } from "../../rocketmq/client/name_servers.ts";
import { masterAddress, type TopicRoute } from "../../rocketmq/client/route.ts";
import { RocketMqError } from "../../rocketmq/error.ts";
import { otherSlots } from "../other_slots.ts";
import { pause } from "../pause.ts";
import type { LookupOptions, QueuePlan, Waiting } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { type DeclaredPlan, formatPlan, parsePlan, PLAN_NAMESPACE, planQueues } from "./declared_plan.ts";
import { declaredQueues } from "./declared_queues.ts";
import { KNOWN_PLANS, PLAN_GRACE_MS, PLAN_REFRESH_MS, PLAN_RETRY_MS, PLAN_SETTLE_MS } from "./defaults.ts";

/** What is known of a topic's plan. */
interface Known {
  /** `undefined` while none is declared. */
  declared: QueuePlan | undefined;
  /** The same as it is kept. */
  text: string | undefined;
  /** When to look again, by the clock's monotonic time. */
  staleAt: number;
  looking: Promise<void> | undefined;
  /** The look after that one: for those who must not get what was asked for before they came. */
  next: Promise<void> | undefined;
}

const log = logger("transport");

/**
 * The queue plans of topics. Each name server keeps them in its key-value store, where one that was away may have an
 * older one: the highest number counts, and what was known never gives way to less. Where none is declared, and this
 * instance may not, the plan follows from the route.
 */
export class QueuePlans {
  readonly #client: RocketMqClient;
  readonly #known = new Map<string, Known>();
  readonly #derived = new WeakMap<TopicRoute, QueuePlan>();
  /** The topics of which it was said that their plans follow from the route. */
  readonly #said = new Set<string>();

  constructor(client: RocketMqClient) {
    this.#client = client;
  }

  /**
   * The plan of a topic: at once where it is known, looked up again meanwhile where that is long ago.
   *
   * @param route the topic's, for where no plan is declared
   */
  get(route: TopicRoute, { fresh = false, signal }: LookupOptions): QueuePlan | Promise<QueuePlan> {
    const known = this.#known.get(route.topic);
    if (fresh || known === undefined) return this.#wait(route, signal);
    if (this.#client.clock.monotonic() >= known.staleAt) void this.#look(route.topic, known);
    return known.declared ?? this.#follow(route);
  }

  /**
   * Declares the plan of a topic that has none, by its route; brings name servers up to date that lack it. Where that is
   * not permitted, it is said once, and the plan follows from the route.
   *
   * @throws {RpcError} `failed_precondition` / `not_sent` when a plan is declared for another number of slots, or is none
   * @throws {RocketMqError} when there is no such topic
   */
  async declare(topic: string, slots: number, { signal }: Waiting): Promise<void> {
    const { nameServers } = this.#client;
    const values = await nameServers.getValues(PLAN_NAMESPACE, this.#keyOf(topic), { signal });
    const best = highest(values, (error) => {
      throw new RpcError("failed_precondition", unreadable(this.#keyOf(topic), error), {
        outcome: "not_sent",
      });
    });
    if (best !== undefined && best.slots !== slots) {
      throw new RpcError("failed_precondition", otherSlots(topic, best.slots, slots), {
        outcome: "not_sent",
      });
    }
    // One that is away may hold a later plan: it is not written there, and will count when it is back.
    const told = [...values.values()].some((value) => !isError(value));
    const plan = best ?? (told ? await this.#firstPlan(topic, slots, signal) : undefined);
    if (plan === undefined) return this.#say(topic, [...values.values()].find(isError));
    const text = formatPlan(plan);
    const lacking = [...values].filter(([, value]) => !isError(value) && value !== text);
    const stored = await Promise.allSettled(
      lacking.map(([address]) =>
        nameServers.putValueAt(address, PLAN_NAMESPACE, this.#keyOf(topic), text, { signal })
      ),
    );
    signal?.throwIfAborted();
    const refused = stored.find((result) => result.status === "rejected");
    if (best === undefined && stored.every(({ status }) => status === "rejected")) {
      return this.#say(topic, refused?.reason);
    }
    if (refused !== undefined) log.warn(EVENTS.transport.planIncomplete, { topic, error: refused.reason });
    this.#learn(this.#entry(topic), topic, plan);
    // Another instance may have declared it at the same time: what is kept is what counts.
    if (best === undefined) await untilAborted(this.#look(topic, this.#entry(topic)), signal);
  }

  async #firstPlan(
    topic: string,
    slots: number,
    signal: AbortSignal | undefined,
  ): Promise<DeclaredPlan | undefined> {
    const brokers = new Map<string, number>();
    for (const { broker } of declaredQueues(await this.#settledRoute(topic, signal))) {
      brokers.set(broker, (brokers.get(broker) ?? 0) + 1);
    }
    return brokers.size === 0 ? undefined : { number: 1, slots, brokers };
  }

  /** Another instance may be about to make the topic, broker by broker: then its route is not complete yet. */
  async #settledRoute(topic: string, signal: AbortSignal | undefined): Promise<TopicRoute> {
    const { clock } = this.#client;
    const masters = masterAddresses(await clusterInfo(this.#client, { signal }));
    const deadline = clock.monotonic() + PLAN_SETTLE_MS;
    for (;;) {
      const route = await this.#client.route(topic, { fresh: true, signal });
      const complete = [...masters.keys()].every((name) => masterAddress(route, name) !== undefined);
      if (complete || clock.monotonic() >= deadline) return route;
      await pause(clock, PLAN_SETTLE_MS / 10, signal);
    }
  }

  async #wait(route: TopicRoute, signal: AbortSignal | undefined): Promise<QueuePlan> {
    const known = this.#entry(route.topic);
    const look = known.looking === undefined
      ? this.#look(route.topic, known)
      : known.next ??= known.looking.then(() => {
        known.next = undefined;
        return this.#look(route.topic, known);
      });
    await untilAborted(look, signal);
    return known.declared ?? this.#follow(route);
  }

  /** Never rejects: what is known stays, and is looked up again soon. */
  #look(topic: string, known: Known): Promise<void> {
    return known.looking ??= this.#lookOnce(topic, known).finally(() => known.looking = undefined);
  }

  async #lookOnce(topic: string, known: Known): Promise<void> {
    let values: ReadonlyMap<string, HeldValue> = new Map();
    let failure: unknown;
    try {
      const { nameServers } = this.#client;
      values = await nameServers.getValues(PLAN_NAMESPACE, this.#keyOf(topic), { graceMs: PLAN_GRACE_MS });
    } catch (error) {
      failure = error;
    }
    const best = highest(values, (error) => {
      failure = error;
      log.warn(EVENTS.transport.planUnreadable, { topic, error });
    });
    if (best !== undefined) this.#learn(known, topic, best);
    failure ??= [...values.values()].find(isError);
    const told = [...values.values()].some((value) => !isError(value));
    known.staleAt = this.#client.clock.monotonic() + (told ? PLAN_REFRESH_MS : PLAN_RETRY_MS);
    if (known.declared === undefined) this.#say(topic, failure);
  }

  /** Of plans with one number, which is a mistake, the one that is kept by the name servers counts. */
  #learn(known: Known, topic: string, plan: DeclaredPlan): void {
    const text = formatPlan(plan);
    if (plan.number < (known.declared?.number ?? 0) || text === known.text) return;
    known.text = text;
    known.declared = { number: plan.number, queues: planQueues(topic, plan) };
  }

  #follow(route: TopicRoute): QueuePlan {
    let plan = this.#derived.get(route);
    if (plan === undefined) {
      plan = { number: 0, queues: declaredQueues(route) };
      this.#derived.set(route, plan);
    }
    return plan;
  }

  #entry(topic: string): Known {
    let known = this.#known.get(topic);
    if (known === undefined) {
      known = { declared: undefined, text: undefined, staleAt: 0, looking: undefined, next: undefined };
      this.#known.set(topic, known);
      if (this.#known.size > KNOWN_PLANS) this.#forgetOne();
    }
    return known;
  }

  /** Contract names may come from outside, so there may be any number of them. */
  #forgetOne(): void {
    for (const [topic, { looking }] of this.#known) {
      if (looking !== undefined) continue;
      this.#said.delete(topic);
      return void this.#known.delete(topic);
    }
  }

  /** Everybody who shares the topic shares its plan. */
  #keyOf(topic: string): string {
    return this.#client.onWire(topic);
  }

  #say(topic: string, error: unknown): void {
    if (this.#said.has(topic) || this.#said.size > KNOWN_PLANS) return;
    this.#said.add(topic);
    const reason = error instanceof Error ? error.message : "no instance has declared it";
    log.warn(EVENTS.transport.planDerived, { topic, reason });
  }
}

function highest(
  values: ReadonlyMap<string, HeldValue>,
  onMalformed: (error: TypeError) => void,
): DeclaredPlan | undefined {
  let best: DeclaredPlan | undefined;
  for (const value of values.values()) {
    if (typeof value !== "string") continue;
    try {
      const plan = parsePlan(value);
      if (best === undefined || isLater(plan, best)) best = plan;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      onMalformed(error);
    }
  }
  return best;
}

/** Of plans with one number everybody takes the same: the one that is greater as text. */
function isLater(one: DeclaredPlan, other: DeclaredPlan): boolean {
  return one.number === other.number ? formatPlan(one) > formatPlan(other) : one.number > other.number;
}

function isError(value: HeldValue): value is RocketMqError {
  return value instanceof RocketMqError;
}

function unreadable(topic: string, error: TypeError): string {
  return `Cannot read the queue plan of topic "${topic}" that the name servers keep: ${error.message}; correct it: ` +
    `mqadmin updateKvConfig -n <name servers> -s ${PLAN_NAMESPACE} -k '${topic}' -v <plan>`;
}
