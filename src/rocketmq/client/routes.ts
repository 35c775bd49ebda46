import type { Clock } from "../../async/clock.ts";
import type { TimerWheel } from "../../async/timer_wheel.ts";
import { RocketMqError } from "../error.ts";
import { RequestCode, ResponseCode } from "../remote/codes.ts";
import { expectSuccess } from "../remote/response.ts";
import { readJsonBody } from "./json.ts";
import type { NameServers } from "./name_servers.ts";
import { parseTopicRoute, type TopicRoute } from "./route.ts";
import { waitFor } from "./wait.ts";

/** A route older than this is looked up again when it is used. */
const REFRESH_MS = 30_000;
/** After a failed refresh the next waits this long. */
const RETRY_MS = 1_000;
/** "No such topic" is believed this long. */
const ABSENT_MS = 1_000;
/**
 * For how long a known route is kept against that: a name server that was started anew knows no topic until the
 * brokers have registered again, which they do every 30 s.
 */
const KEPT_MS = 60_000;

/** What {@linkcode Routes.get} takes. */
export interface RouteOptions {
  /** Ask the name server, whatever is known. Default: false. */
  readonly fresh?: boolean | undefined;
  /**
   * Ask the name server when what is known is older than that, in milliseconds, and go by what is known where that
   * fails. Default: 30 s, and what is known is returned meanwhile.
   */
  readonly maxAgeMs?: number | undefined;
  /** Stops waiting; others that wait for the same look-up are not disturbed. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/** Routes that are remembered: those that have been known for longest go first. */
const MAX_KNOWN = 4_096;

interface Known {
  readonly result: TopicRoute | RocketMqError;
  /** When it was asked for last. */
  readonly askedAt: number;
  /** When to ask again. */
  readonly staleAt: number;
  /** Number of the look-up it came from: an older answer never replaces a newer one. */
  readonly lookup: number;
  /** Since when name servers say that there is no such topic. */
  readonly absentSince?: number | undefined;
}

/** Who tells routes, and under which names. */
export interface RouteSource {
  readonly nameServers: NameServers;
  onWire(topic: string): string;
}

/** The routes of topics as last heard. */
export class Routes {
  readonly #servers: RouteSource;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #timeoutMs: number;
  readonly #known = new Map<string, Known>();
  readonly #lookups = new Map<string, Promise<TopicRoute>>();
  #lookup = 0;

  /**
   * @param servers who tells them
   * @param timeoutMs how long one name server has to answer
   */
  constructor(servers: RouteSource, clock: Clock, wheel: TimerWheel, timeoutMs: number) {
    this.#servers = servers;
    this.#clock = clock;
    this.#wheel = wheel;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Where a topic lives. A known route is returned at once; when it is older than 30 s it is looked up again
   * meanwhile, and kept if that fails; for a minute also where name servers say that there is no such topic.
   *
   * @throws RocketMqError kind `refused` with code 17 when there is no such topic; else when no name server answers
   */
  async get(topic: string, options: RouteOptions = {}): Promise<TopicRoute> {
    options.signal?.throwIfAborted();
    if (options.fresh) return await this.#wait(topic, this.#start(topic, true), options);
    const known = this.#known.get(topic);
    if (options.maxAgeMs !== undefined && known !== undefined) {
      const age = this.#clock.monotonic() - known.askedAt;
      if (age > options.maxAgeMs) await this.#tryAgain(topic, options);
      return await this.get(topic, { ...options, maxAgeMs: undefined });
    }
    const stale = known === undefined || this.#clock.monotonic() >= known.staleAt;
    if (known === undefined || (stale && known.result instanceof RocketMqError)) {
      return await this.#wait(topic, this.#lookups.get(topic) ?? this.#start(topic), options);
    }
    // Whoever uses the route is served from what is known; the answer is for the next.
    if (stale && !this.#lookups.has(topic)) this.#start(topic).catch(() => {});
    if (known.result instanceof RocketMqError) throw known.result;
    return known.result;
  }

  /** Looks a route up again, and leaves what is known where that fails. */
  async #tryAgain(topic: string, options: RouteOptions): Promise<void> {
    try {
      await this.#wait(topic, this.#lookups.get(topic) ?? this.#start(topic), options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof RocketMqError)) throw error;
    }
  }

  #wait(topic: string, work: Promise<TopicRoute>, options: RouteOptions): Promise<TopicRoute> {
    const { signal } = options;
    // Each name server has its own time; the last may answer when all before ran out of theirs.
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs * this.#servers.nameServers.addresses.length;
    const onTimeout = (): RocketMqError =>
      new RocketMqError(
        "unknown",
        `No name server told the route of topic "${topic}" within ${timeoutMs} ms`,
      );
    return waitFor(work, { wheel: this.#wheel, timeoutMs, onTimeout, signal });
  }

  /** @param believed whether a known route gives way at once when there is no such topic */
  #start(topic: string, believed = false): Promise<TopicRoute> {
    const lookup = ++this.#lookup;
    const work = this.#lookUp(topic, lookup, believed).finally(() => {
      if (this.#lookups.get(topic) === work) this.#lookups.delete(topic);
    });
    this.#lookups.set(topic, work);
    return work;
  }

  async #lookUp(topic: string, lookup: number, believed: boolean): Promise<TopicRoute> {
    const now = (): number => this.#clock.monotonic();
    try {
      const route = await this.#ask(topic);
      this.#remember(topic, { result: route, askedAt: now(), staleAt: now() + REFRESH_MS, lookup });
      return route;
    } catch (error) {
      const askedAt = now();
      const known = this.#known.get(topic);
      if (isAbsent(error)) {
        const absentSince = known?.absentSince ?? askedAt;
        const kept = !believed && known !== undefined && askedAt - absentSince < KEPT_MS;
        const result = kept ? known.result : error;
        this.#remember(topic, { result, askedAt, staleAt: askedAt + ABSENT_MS, lookup, absentSince });
      } else if (known !== undefined) {
        this.#remember(topic, { ...known, askedAt, staleAt: askedAt + RETRY_MS });
      }
      throw error;
    }
  }

  #remember(topic: string, known: Known): void {
    const previous = this.#known.get(topic);
    if (previous !== undefined && previous.lookup > known.lookup) return;
    this.#known.delete(topic);
    this.#known.set(topic, known);
    if (this.#known.size <= MAX_KNOWN) return;
    for (const oldest of this.#known.keys()) return void this.#known.delete(oldest);
  }

  async #ask(topic: string): Promise<TopicRoute> {
    // Version and field both ask for standard JSON: some servers heed one, some the other.
    const fields = { topic: this.#servers.onWire(topic), acceptStandardJsonOnly: "true" };
    const request = { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, fields };
    const { address, response } = await this.#servers.nameServers.request(request, {
      timeoutMs: this.#timeoutMs,
      // One that was started anew may know no topic yet.
      accepts: ({ code }) => code !== ResponseCode.TOPIC_NOT_EXIST,
    });
    return readJsonBody(expectSuccess(response, address), address, (value) => parseTopicRoute(topic, value));
  }
}

function isAbsent(error: unknown): error is RocketMqError {
  return error instanceof RocketMqError && error.responseCode === ResponseCode.TOPIC_NOT_EXIST;
}
