import { Backoff } from "../../../async/backoff.ts";
import type { Clock, Timer } from "../../../async/clock.ts";
import { afterOthers } from "../../../async/event_loop.ts";
import type { Random } from "../../../async/random.ts";
import { type ChannelOptions, connectivityState, Metadata } from "../../../deps/grpc.ts";
import { HeartbeatRequest, MessagingServiceClient, type ProxyStub } from "../../../deps/rocketmq_proto.ts";
import { pause } from "../../pause.ts";
import {
  CHANNEL_BACKOFF_MS,
  CHANNEL_END_MS,
  CONNECT_TIMEOUT_MS,
  CONNECT_TURN_MS,
  CONNECTION_WAIT_MS,
  MAX_RECEIVE_BYTES,
  RECONNECT_MS,
} from "./defaults.ts";
import { type Endpoint, nameOf, targetOf } from "./endpoints.ts";
import { ProxyError } from "./error.ts";
import { channelCredentials, type GrpcTlsOptions, tlsChannelOptions } from "./tls.ts";

/** A connection to a proxy while it lasts. */
export interface Lease {
  /** The service at its other end. */
  readonly stub: ProxyStub;
  /** Aborts when the connection is given up: what still waits on it waits for nothing. */
  readonly signal: AbortSignal;
}

/** What a connection needs. */
export interface ConnectionOptions {
  readonly endpoints: readonly Endpoint[];
  readonly tls: boolean | GrpcTlsOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** Told each time it is made, and each time it is lost or could not be made. */
  readonly onChange: (state: "connected" | "lost", endpoint: string, reason: string) => void;
}

interface Waiter {
  resolve(lease: Lease): void;
  reject(error: ProxyError): void;
}

/** A channel and what hangs on it. */
interface Attempt {
  readonly stub: ProxyStub;
  readonly endpoint: string;
  readonly controller: AbortController;
  readonly lease: Lease;
  timer: Timer | undefined;
  ready: boolean;
}

const OPTIONS: ChannelOptions = {
  // Each attempt shall be one: the process-wide pool would share its back-off.
  "grpc.use_local_subchannel_pool": 1,
  // An environment variable must not send messages elsewhere than configured.
  "grpc.enable_http_proxy": 0,
  "grpc.enable_retries": 0,
  // A channel that has failed is given up: its own back-off shall not outlive it.
  "grpc.initial_reconnect_backoff_ms": CHANNEL_BACKOFF_MS,
  "grpc.max_reconnect_backoff_ms": CHANNEL_BACKOFF_MS,
  "grpc.max_receive_message_length": MAX_RECEIVE_BYTES,
};

/**
 * One connection to one of several proxies. When it is lost the next endpoint is tried, with a back-off of its own that
 * begins at milliseconds; the endpoints take turns. Connects from its start until it is closed.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  readonly #waiters = new Set<Waiter>();
  #turn = 0;
  #attempt: Attempt | undefined;
  #pause: Timer | undefined;
  #failedAtMs = -Infinity;
  #reason = "nothing has answered yet";
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...RECONNECT_MS, random: options.random });
  }

  /** The connection, where there is one now. */
  get lease(): Lease | undefined {
    return this.#attempt?.ready ? this.#attempt.lease : undefined;
  }

  /** Why there is none, in words. */
  get reason(): string {
    return this.#reason;
  }

  /** Begins to connect. */
  start(): void {
    this.#open();
  }

  /**
   * The connection, as soon as there is one.
   *
   * @throws {ProxyError} `not_sent` when that takes too long, or it is closed
   */
  async ready(signal?: AbortSignal, timeoutMs: number = CONNECTION_WAIT_MS): Promise<Lease> {
    signal?.throwIfAborted();
    if (this.lease !== undefined) return this.lease;
    if (this.#closed) throw closed();
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    const waiter = { resolve, reject };
    this.#waiters.add(waiter);
    const timer = this.#options.clock.after(timeoutMs, () => reject(this.#unreachable()));
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      timer.cancel();
      this.#waiters.delete(waiter);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Gives a connection up that does not answer any more, and makes another one. */
  suspect({ stub }: Lease, reason: string): void {
    if (this.#attempt?.stub === stub) this.#failed(this.#attempt, reason);
  }

  /** Ends it and everything that waits for it; resolves when nothing of it is left. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#pause?.cancel();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt !== undefined) release(attempt, closed());
    for (const { reject } of this.#waiters) reject(closed());
    const { clock } = this.#options;
    const failing = attempt?.ready === false || clock.monotonic() - this.#failedAtMs < CHANNEL_END_MS;
    if (!failing) return;
    // A channel that was closed in the turn in which it was made begins to connect all the same when that is over.
    await new Promise<void>((resolve) => afterOthers(resolve));
    attempt?.stub.close();
    await pause(clock, CHANNEL_END_MS, undefined);
  }

  #open(): void {
    this.#pause = undefined;
    const { endpoints, tls, clock } = this.#options;
    const endpoint = endpoints[this.#turn++ % endpoints.length];
    if (this.#closed || endpoint === undefined) return;
    const stub = new MessagingServiceClient(targetOf(endpoint), channelCredentials(tls, endpoint.host), {
      ...OPTIONS,
      ...tlsChannelOptions(tls, endpoint.host),
    });
    const controller = new AbortController();
    const lease = { stub, signal: controller.signal };
    const attempt: Attempt = {
      stub,
      endpoint: nameOf(endpoint),
      controller,
      lease,
      timer: undefined,
      ready: false,
    };
    this.#attempt = attempt;
    this.#limit(attempt, clock);
    this.#watch(attempt);
  }

  #limit(attempt: Attempt, clock: Clock): void {
    const ms = this.#options.endpoints.length > 1 ? CONNECT_TURN_MS : CONNECT_TIMEOUT_MS;
    attempt.timer ??= clock.after(ms, () => this.#failed(attempt, `no connection within ${ms} ms`));
  }

  /** Follows the state of a channel for as long as it is the one that is used. */
  #watch(attempt: Attempt): void {
    if (this.#attempt !== attempt) return;
    const channel = attempt.stub.getChannel();
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.IDLE) channel.getConnectivityState(true);
    if (state === connectivityState.TRANSIENT_FAILURE) return this.#whyFailed(attempt);
    if (state === connectivityState.READY) this.#connected(attempt);
    else if (attempt.ready) this.#dropped(attempt);
    channel.watchConnectivityState(state, Infinity, () => this.#watch(attempt));
  }

  #connected(attempt: Attempt): void {
    if (attempt.ready) return;
    attempt.ready = true;
    attempt.timer?.cancel();
    attempt.timer = undefined;
    this.#backoff.reset();
    for (const { resolve } of this.#waiters) resolve(attempt.lease);
    this.#options.onChange("connected", attempt.endpoint, "connected");
  }

  /** The channel connects again by itself; what a proxy that is about to stop has begun, it still ends. */
  #dropped(attempt: Attempt): void {
    attempt.ready = false;
    this.#reason = "the connection was closed";
    this.#limit(attempt, this.#options.clock);
    this.#options.onChange("lost", attempt.endpoint, this.#reason);
  }

  /** A channel does not say why it failed; a request on it does, at once. */
  #whyFailed(attempt: Attempt): void {
    attempt.stub.heartbeat(new HeartbeatRequest(), new Metadata(), (error) => {
      this.#failed(attempt, error?.details ?? "no connection");
    });
  }

  #failed(attempt: Attempt, reason: string): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    this.#reason = reason;
    this.#failedAtMs = this.#options.clock.monotonic();
    release(attempt, new ProxyError("unknown", `The connection to ${attempt.endpoint} is lost: ${reason}`));
    this.#pause = this.#options.clock.after(this.#backoff.next(), () => this.#open());
    this.#options.onChange("lost", attempt.endpoint, reason);
  }

  #unreachable(): ProxyError {
    const names = this.#options.endpoints.map(nameOf).join(";");
    return new ProxyError("not_sent", `There is no connection to a proxy at ${names}: ${this.#reason}`);
  }
}

function release({ timer, stub, controller }: Attempt, reason: ProxyError): void {
  timer?.cancel();
  stub.close();
  controller.abort(reason);
}

function closed(): ProxyError {
  return new ProxyError("not_sent", "The transport is closed");
}
