import type { Clock } from "../../async/clock.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { LookupOptions, QueuePlan, QueueRef } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import type { Route } from "./client/routes.ts";
import { ABSENCE_KEPT_MS, KNOWN_ROUTES, ROUTE_KEPT_MS, SUSPECT_AFTER_MS } from "./defaults.ts";
import { isAbsent, notSent } from "./errors.ts";
import { PROXY } from "./names.ts";

const log = logger("transport");

/** A topic as this transport sees it. */
export interface KnownTopic {
  readonly route: Route;
  /**
   * As many as it has at a broker. Which broker and which of its queues a message goes to is the proxy's choice: these
   * are places that callers and callees agree on, not where messages are stored.
   */
  readonly queues: readonly QueueRef[];
  /** Nobody can declare one over gRPC; nothing depends on it either, as no instance owns a queue. */
  readonly plan: QueuePlan;
}

interface Entry {
  known: KnownTopic | undefined;
  /** What the last look failed with. */
  failure: unknown;
  lookedAtMs: number;
  looking: Promise<KnownTopic> | undefined;
}

/** Where topics are: looked up when they are first used, and again while they are. */
export class TopicRoutes {
  readonly #look: (topic: string) => Promise<Route>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  /** @param look asks the proxy */
  constructor(look: (topic: string) => Promise<Route>, clock: Clock) {
    this.#look = look;
    this.#clock = clock;
  }

  /**
   * Where a topic is, at once where that is known. Rejects with what the proxy said.
   */
  of(topic: string, { fresh = false, signal }: LookupOptions = {}): Promise<KnownTopic> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const entry = this.#entry(topic);
    const age = this.#clock.monotonic() - entry.lookedAtMs;
    if (!fresh && entry.known !== undefined) {
      // What is known stays good while it is looked up again, and should that fail.
      if (age > ROUTE_KEPT_MS) this.#again(topic, entry).catch(() => {});
      return Promise.resolve(entry.known);
    }
    if (!fresh && age < ABSENCE_KEPT_MS && isAbsent(entry.failure)) return Promise.reject(entry.failure);
    return untilAborted(this.#again(topic, entry), signal);
  }

  /** A send has failed in a way that may come of an old route: the next use looks again, once a second at most. */
  suspect(topic: string): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined || this.#clock.monotonic() - entry.lookedAtMs < SUSPECT_AFTER_MS) return;
    entry.lookedAtMs = -Infinity;
  }

  #entry(topic: string): Entry {
    let entry = this.#entries.get(topic);
    if (entry !== undefined) return entry;
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= KNOWN_ROUTES && oldest !== undefined) this.#entries.delete(oldest);
    entry = { known: undefined, failure: undefined, lookedAtMs: -Infinity, looking: undefined };
    this.#entries.set(topic, entry);
    return entry;
  }

  #again(topic: string, entry: Entry): Promise<KnownTopic> {
    return entry.looking ??= this.#lookUp(topic, entry).finally(() => entry.looking = undefined);
  }

  async #lookUp(topic: string, entry: Entry): Promise<KnownTopic> {
    try {
      const route = withTypes(await this.#look(topic), entry.known?.route);
      entry.failure = undefined;
      return entry.known = entry.known === undefined || !same(entry.known.route, route)
        ? knownTopic(route)
        : entry.known;
    } catch (error) {
      entry.failure = error;
      log.debug(EVENTS.transport.roundFailed, { what: `A look for topic ${topic}`, error });
      throw error;
    } finally {
      entry.lookedAtMs = this.#clock.monotonic();
    }
  }
}

function knownTopic(route: Route): KnownTopic {
  const { topic } = route;
  const queues = Array.from({ length: route.queues }, (_, id): QueueRef => ({ topic, broker: PROXY, id }));
  return { route, queues, plan: { number: 0, queues } };
}

/** A type is for life: what was told once stays true while the proxy cannot tell. */
function withTypes(route: Route, before: Route | undefined): Route {
  if (before === undefined || route.types.length > 0) return route;
  const { normal, fifo, types } = before;
  return { ...route, normal, fifo, types };
}

function same(one: Route, other: Route): boolean {
  return one.queues === other.queues && one.types.join() === other.types.join() &&
    one.writable === other.writable && one.brokers.join() === other.brokers.join();
}

/**
 * Refuses a queue that the topic does not have.
 *
 * @throws {RpcError} `unavailable` or `failed_precondition`, both `not_sent`
 */
export function checkQueue({ topic, broker, id }: QueueRef, { queues }: KnownTopic): void {
  if (broker !== PROXY) {
    throw notSent("unavailable", `There is no broker "${broker}" over gRPC: ask for queues`);
  }
  if (Number.isSafeInteger(id) && id >= 0 && id < queues.length) return;
  throw notSent("failed_precondition", `Topic "${topic}" has no queue ${id}: it has ${queues.length}`);
}
