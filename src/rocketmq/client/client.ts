import { type Clock, systemClock } from "../../async/clock.ts";
import { type Random, systemRandom } from "../../async/random.ts";
import { TimerWheel } from "../../async/timer_wheel.ts";
import { RocketMqError } from "../error.ts";
import type { Command, RequestCommand, RequestReply } from "../remote/command.ts";
import type { ConnectionOptions } from "../remote/connection_options.ts";
import { requestSigner } from "../remote/signature.ts";
import { checkTls, type TlsOptions } from "../remote/tls.ts";
import type { Serialization } from "../remote/frame.ts";
import type { WriteTime } from "../remote/outbox.ts";
import type { CredentialsSource } from "../remote/credentials.ts";
import { Connections } from "./connections.ts";
import { NameServers } from "./name_servers.ts";
import { checkNamespace, withNamespace } from "./namespace.ts";
import type { ConnectionEvent } from "./peer.ts";
import type { RequestOptions } from "./request_options.ts";
import type { TopicRoute } from "./route.ts";
import { type RouteOptions, Routes } from "./routes.ts";

/** For how long the timer behind all deadlines may go on after the last request, in milliseconds. */
const WHEEL_LINGER_MS = 250;

/** How a {@linkcode RocketMqClient} is made. */
export interface ClientOptions {
  /** `host:port;host:port`. */
  readonly nameServers: string;
  /**
   * The namespace of all its topics and groups, which servers know as `namespace%name`; what the cluster itself owns is
   * in none. Names given and returned are those inside it. Default: none.
   */
  readonly namespace?: string | undefined;
  /** Unique among all clients of the cluster, and anew after each start; brokers know members and repliers by it. */
  readonly clientId: string;
  /** Default: the machine's own. */
  readonly clock?: Clock | undefined;
  /** Default: the machine's own. */
  readonly random?: Random | undefined;
  /** How long a request waits that says nothing itself. Default: 3,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** For TCP and, where it is wanted, TLS together. Default: 3,000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Signs every request, for servers with ACL 1.0 or 2.0. A function is asked at each request, at once, so that keys can
   * be replaced. Default: none.
   */
  readonly credentials?: CredentialsSource | undefined;
  /** Encrypts all connections, to name servers and brokers: `true` with what the machine trusts. Default: `false`. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** How headers are written; those received are read either way. Default: `binary`. */
  readonly serialization?: Serialization | undefined;
  /**
   * When requests are written: `soon`, which is at once as seen from outside, or `last`, when everything that is due in this
   * turn of the event loop has been done, other clients' requests among it; more of them leave in one write then.
   * Default: `soon`.
   */
  readonly writes?: WriteTime | undefined;
  /**
   * Answers a broker's request, at once and without waiting for anything: the broker holds a thread for it.
   * `undefined` means the code is not known.
   */
  readonly onRequest?: ((address: string, command: Command) => RequestReply | undefined) | undefined;
}

/**
 * Connections to name servers and brokers, and the routes of topics. Everything above it, from sending to offsets, is
 * a function that takes a client and an address.
 *
 * It makes no connection before the first request, and starts none of its own unless an address is kept.
 */
export class RocketMqClient implements AsyncDisposable {
  /** What brokers know this client by. */
  readonly clientId: string;
  /** The namespace of all its topics and groups, if any. */
  readonly namespace: string | undefined;
  /** The name servers, for routes and small shared values. */
  readonly nameServers: NameServers;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #connections: Connections;
  readonly #routes: Routes;
  readonly #requestTimeoutMs: number;
  readonly #listeners: ((event: ConnectionEvent) => void)[] = [];
  #closing: Promise<void> | undefined;

  /**
   * Makes no connection yet.
   *
   * @throws TypeError when `nameServers` or `namespace` is malformed, `clientId` empty, or `credentials` or `tls`
   *   cannot be used
   */
  constructor(options: ClientOptions) {
    const { nameServers, clientId, clock = systemClock, random = systemRandom } = options;
    if (clientId === "") throw new TypeError("Cannot use an empty client id");
    this.clientId = clientId;
    this.namespace = options.namespace === undefined ? undefined : checkNamespace(options.namespace);
    this.#clock = clock;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 3_000;
    this.#wheel = new TimerWheel(clock, { lingerMs: WHEEL_LINGER_MS });
    this.#connections = new Connections({
      clock,
      random,
      wheel: this.#wheel,
      ...connectionOptions(options),
      onRequest: options.onRequest ?? (() => undefined),
      onEvent: (event) => this.#announce(event),
    });
    const send = this.request.bind(this);
    const schedule = this.#wheel.schedule.bind(this.#wheel);
    this.nameServers = new NameServers(nameServers, { send, schedule, random });
    this.#routes = new Routes(this, clock, this.#wheel, this.#requestTimeoutMs);
  }

  /** The name that servers know a topic or group of this client's namespace by. */
  onWire(name: string): string {
    return withNamespace(this.namespace, name);
  }

  /** Where time comes from in this client. */
  get clock(): Clock {
    return this.#clock;
  }

  /**
   * Where a topic lives: as last heard, asked again every 30 s while it is used. Concurrent look-ups of a topic share
   * one request.
   *
   * @throws RocketMqError kind `refused` with response code 17 when there is no such topic (believed for one second);
   * `not_sent` or `unknown` when no name server answers
   */
  route(topic: string, options?: RouteOptions): Promise<TopicRoute> {
    if (this.#closing === undefined) return this.#routes.get(topic, options);
    const message = `Cannot look up the route of topic "${topic}": the client is closed`;
    return Promise.reject(new RocketMqError("not_sent", message));
  }

  /**
   * Sends a request and waits for the answer, whatever its code. Connects first where there is no connection; an
   * address in back-off is tried at once.
   *
   * @param address `host:port`
   * @throws RocketMqError kind `not_sent` or `unknown`; at once when the connection breaks
   */
  request(address: string, request: RequestCommand, options: RequestOptions = {}): Promise<Command> {
    const { timeoutMs = this.#requestTimeoutMs, signal } = options;
    return this.#connections.request(address, request, { timeoutMs, signal });
  }

  /**
   * Sends a request that is not answered. Nothing tells whether it arrived.
   *
   * @returns nothing when it was queued at once, a promise when a connection is made first
   * @throws RocketMqError kind `not_sent`, thrown or as a rejection
   */
  oneway(address: string, request: RequestCommand): void | Promise<void> {
    return this.#connections.oneway(address, request);
  }

  /** When the last frame came from an address, by the clock's `monotonic()`; `undefined` while not connected. */
  lastReceivedAt(address: string): number | undefined {
    return this.#connections.get(address)?.lastReceivedAt;
  }

  /** Whether there is a working connection to an address. */
  isConnected(address: string): boolean {
    return this.#connections.get(address) !== undefined;
  }

  /** Adds a listener that hears of every connection made and lost. What it throws is thrown again on its own. */
  onConnection(listener: (event: ConnectionEvent) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Connects to an address now, and again whenever the connection breaks: after a random wait of up to 100 ms, doubling
   * to 5 s, until {@linkcode RocketMqClient.release}.
   *
   * @throws RocketMqError kind `not_sent` when the client is closed
   */
  keep(address: string): void {
    this.#connections.keep(address);
  }

  /** Stops connecting again to an address. A connection that works stays. */
  release(address: string): void {
    this.#connections.release(address);
  }

  /** Closes all connections; pending requests fail at once. Resolves when nothing is under way. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#connections.close().finally(() => this.#wheel.close());
    return this.#closing;
  }

  /** The same as {@linkcode RocketMqClient.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #announce(event: ConnectionEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function connectionOptions(
  { connectTimeoutMs, credentials, tls = false, serialization, writes }: ClientOptions,
): Pick<ConnectionOptions, "connectTimeoutMs" | "sign" | "tls" | "serialization" | "writes"> {
  return {
    connectTimeoutMs,
    serialization,
    writes,
    sign: credentials === undefined ? undefined : requestSigner(credentials),
    tls: tls === false ? undefined : checkTls(tls === true ? {} : tls),
  };
}
