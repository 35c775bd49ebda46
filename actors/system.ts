import { createDeferred } from "../src/async/deferred.ts";
import type { Handlers } from "../src/call/handler.ts";
import type { CallInterceptor } from "../src/call/interceptor.ts";
import type { CallOptions } from "../src/contract/call_options.ts";
import { timeout } from "../src/contract/method.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import { logger } from "../src/log/log.ts";
import { serveContract, type Served } from "../src/server/server.ts";
import type { QueueRef, Transport } from "../src/transport/transport.ts";
import { type ClientOptions, invokeUntyped, proxyOf, type Target } from "./client.ts";
import { type Parts, type Sources, startParts } from "./parts.ts";
import type { ContextHost } from "./call_context.ts";
import { type ServeOptions, ServiceActors } from "./service.ts";

/** What a system is made of. */
export interface SystemOptions extends Sources {
  /** What others see as the caller's name: letters, digits, `-`, `_`, `.`. */
  readonly name: string;
  /** How messages leave and reach this process. Started here, closed with the system. */
  readonly transport: Transport;
  /** Run around every call of every proxy, nested ones included; the first is the outermost. */
  readonly interceptors?: readonly CallInterceptor[] | undefined;
}

/** What a system tells about one contract that it serves. */
export interface ServiceState {
  /** The contract's name. */
  readonly contract: string;
  /** The queues that this instance owns now. */
  readonly queues: readonly QueueRef[];
  /** Calls received and not settled. */
  readonly unsettled: number;
  /** Requests put into the dead-letter queue. */
  readonly deadLetters: number;
  /** Replies that could not be stored before their deadline. */
  readonly undelivered: number;
  /** Suspects whose reply was found on the broker. */
  readonly foundAgain: number;
  /** Calls that came a second time. */
  readonly duplicates: number;
  /** Calls that nobody was told of, because they had expired long before. */
  readonly expiredUnanswered: number;
  /** By method: calls in the mailbox, handlers at work, crashes. */
  readonly methods: Readonly<
    Record<string, { readonly depth: number; readonly running: number; readonly crashes: number }>
  >;
}

/** A contract being served. */
export interface ServiceHandle extends AsyncDisposable {
  /** The contract's name. */
  readonly contract: string;
  /** How it is doing. */
  state(): ServiceState;
  /** Hands all queues over (handlers finish, at most 5 s) and leaves the group. Idempotent. */
  stop(): Promise<void>;
}

/** One running tree with one transport. */
export interface System extends AsyncDisposable {
  /** Its name, as given. */
  readonly name: string;
  /** This instance's number in base 36: part of its names on the broker. */
  readonly instance: string;
  /** Serves a contract; resolves after the first rebalance round. */
  serve<C extends Contract>(
    contract: C,
    handlers: Handlers<C>,
    options?: ServeOptions,
  ): Promise<ServiceHandle>;
  /** A typed proxy of the contract. */
  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C>;
  /** Calls without types: as `CallerSystem.invoke` says. */
  invoke(target: Target, input?: unknown, options?: CallOptions & ClientOptions): Promise<unknown>;
  /** How every served contract is doing. */
  services(): readonly ServiceState[];
  /** Resolves once the system is closed, with the reason. */
  readonly closed: Promise<string>;
  /** Stops now: calls under way settle with `cancelled`, queues are given back after their handlers. Idempotent. */
  close(reason?: string): Promise<void>;
  /** Drains: stops serving, waits for calls under way, then closes. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}

const SYSTEM_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const SERVE_TIMEOUT_MS = 30_000;

/**
 * Starts a system on its transport.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSystem, defineService, embedded, method } from "rocket-actors";
 *
 * const Quotes = defineService("bank.Quotes", { fee: method<{ cents: number }, { fee: number }>({ safe: true }) });
 *
 * await using system = await createSystem({ name: "bank", transport: embedded() });
 * await system.serve(Quotes, { fee: ({ cents }) => ({ fee: Math.ceil(cents / 100) }) });
 *
 * assert.deepEqual(await system.client(Quotes).fee({ cents: 250 }), { fee: 3 });
 * ```
 *
 * @throws {TypeError} on an illegal name
 * @throws {RpcError} `unavailable` / `not_sent` when the transport cannot connect
 */
export async function createSystem(options: SystemOptions): Promise<System> {
  if (!SYSTEM_NAME.test(options.name)) {
    throw new TypeError(
      `Cannot start a system: its name must be letters, digits, "-", "_" and ".": current value is ${
        JSON.stringify(options.name)
      }`,
    );
  }
  const parts = await startParts(options.name, options.transport, options);
  return new RunningSystem(options.name, parts, options.interceptors ?? []);
}

class RunningSystem implements System {
  readonly name: string;
  readonly instance: string;
  readonly closed: Promise<string>;
  readonly #parts: Parts;
  readonly #interceptors: readonly CallInterceptor[];
  /** By contract name; `undefined` while its start is under way. */
  readonly #services = new Map<string, RunningService | undefined>();
  /** Set as soon as the system stops serving. */
  #stopping = false;
  readonly #closed = createDeferred<string>();
  #closing: Promise<void> | undefined;

  constructor(name: string, parts: Parts, interceptors: readonly CallInterceptor[]) {
    this.name = name;
    this.#interceptors = interceptors;
    this.#parts = parts;
    this.instance = parts.instance.toString(36);
    this.closed = this.#closed.promise;
  }

  async serve<C extends Contract>(
    contract: C,
    handlers: Handlers<C>,
    options: ServeOptions = {},
  ): Promise<ServiceHandle> {
    if (this.#stopping) throw new TypeError(`Cannot serve "${contract.name}": the system is closing`);
    if (contract.foreign) {
      throw new TypeError(
        `Cannot serve "${contract.name}": it is declared foreign, so a plain responder serves it`,
      );
    }
    if (this.#services.has(contract.name)) {
      throw new TypeError(`Cannot serve "${contract.name}" twice in one system`);
    }
    const { transport, clock, random, wheel } = this.#parts;
    const actors = new ServiceActors(contract, handlers, options, this.#host(contract));
    const limit = AbortSignal.timeout(timeout(options.timeoutMs ?? SERVE_TIMEOUT_MS));
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    const release = () => void this.#services.delete(contract.name);
    this.#services.set(contract.name, undefined);
    try {
      const { store } = options;
      const parts = { transport, clock, random, wheel, store };
      const served = await serveContract(contract, actors, parts, { signal });
      const service = new RunningService(contract, actors, served, release);
      this.#services.set(contract.name, service);
      if (!this.#stopping) return service;
      await service.stop();
      throw new TypeError(`Cannot serve "${contract.name}": the system was closed meanwhile`);
    } catch (error) {
      release();
      throw error === limit.reason ? tooSlow(contract.name, error) : error;
    }
  }

  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C> {
    return proxyOf(this.#parts.caller, contract, options, this.#interceptors);
  }

  invoke(target: Target, input?: unknown, options: CallOptions & ClientOptions = {}): Promise<unknown> {
    return invokeUntyped(this.#parts, target, input, options, this.#interceptors);
  }

  services(): readonly ServiceState[] {
    return [...this.#services.values()].flatMap((service) => service?.state() ?? []);
  }

  close(reason = "closed by its owner"): Promise<void> {
    this.#stopping = true;
    this.#parts.caller.close("the system is closed");
    return this.#closing ??= this.#release(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.#stopping = true;
    await this.#stopServices();
    await this.#parts.caller.drain("the system is closing");
    await this.close("disposed by its owner");
  }

  async #release(reason: string): Promise<void> {
    try {
      await this.#stopServices();
      await this.#parts.transport.close();
    } finally {
      this.#parts.wheel.close();
      this.#closed.resolve(reason);
    }
  }

  #host(contract: Contract): ContextHost {
    const { clock, caller } = this.#parts;
    return {
      contract,
      instance: `${this.name}/${this.instance}`,
      clock,
      log: (properties) => logger("handler").with(properties),
      client: (nested, scope) => proxyOf(caller, nested, {}, this.#interceptors, scope),
    };
  }

  /** In reverse order of their start. */
  async #stopServices(): Promise<void> {
    for (const service of [...this.#services.values()].reverse()) await service?.stop();
  }
}

function tooSlow(contract: string, cause: unknown): RpcError {
  const message =
    `Cannot serve "${contract}" in time: its topics, or the first rebalance round, took too long`;
  return new RpcError("unavailable", message, { outcome: "not_sent", cause });
}

class RunningService implements ServiceHandle {
  readonly contract: string;
  readonly #actors: ServiceActors;
  readonly #served: Served;
  readonly #onStopped: () => void;
  #stopping: Promise<void> | undefined;

  constructor(contract: Contract, actors: ServiceActors, served: Served, onStopped: () => void) {
    this.contract = contract.name;
    this.#actors = actors;
    this.#served = served;
    this.#onStopped = onStopped;
  }

  state(): ServiceState {
    const methods = [...this.#actors.cells].map(([method, { depth, running, crashes }]) =>
      [method, { depth, running, crashes }] as const
    );
    const { queues, unsettled, deadLetters, undelivered, counts } = this.#served;
    return {
      contract: this.contract,
      queues,
      unsettled,
      deadLetters,
      undelivered,
      ...counts,
      methods: Object.fromEntries(methods),
    };
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#served.stop().finally(this.#onStopped);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
