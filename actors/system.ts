import { createDeferred } from "../src/async/deferred.ts";
import type { Implementation } from "../src/call/handler.ts";
import { type CallInterceptor, type HandlerInterceptor, interceptHandler } from "../src/call/interceptor.ts";
import type { CallOptions } from "../src/contract/call_options.ts";
import { listenForReplies } from "../src/client/reply_listener.ts";
import { timeout } from "../src/contract/method.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import { logger } from "../src/log/log.ts";
import { DirectListener } from "../src/server/direct_listener.ts";
import type { Transport } from "../src/transport/transport.ts";
import { ByteBudget } from "./byte_budget.ts";
import type { CellHost } from "./cell_host.ts";
import type { Exit } from "./child.ts";
import { type ClientOptions, invokeUntyped, proxyOf, type Target } from "./client.ts";
import { SERVE_TIMEOUT_MS, SYSTEM_MAILBOX_BYTES } from "./defaults.ts";
import { directChild } from "./direct_child.ts";
import { type Parts, type Sources, startParts } from "./parts.ts";
import type { ServeOptions } from "./serve_options.ts";
import { ServedService, type ServiceHandle, type ServiceState } from "./served_service.ts";
import type { Recipe } from "./serving.ts";
import type { SupervisionOptions } from "./supervision.ts";
import { Supervisor } from "./supervisor.ts";
import { TransportChild } from "./transport_child.ts";
import type { TreeNode } from "../src/call/tree.ts";
import { Turns } from "./turns.ts";

/** What a system is made of. */
export interface SystemOptions extends Sources {
  /** What others see as the caller's name: letters, digits, `-`, `_`, `.`. */
  readonly name: string;
  /** How messages leave and reach this process. Started here, closed with the system. */
  readonly transport: Transport;
  /** Run around every call of every proxy, nested ones included; the first is the outermost. */
  readonly interceptors?: readonly CallInterceptor[] | undefined;
  /** Run around every attempt of every handler that this system serves, before those of the service. */
  readonly handlerInterceptors?: readonly HandlerInterceptor[] | undefined;
  /**
   * How often services that fail as a whole, which only `onGiveUp: "escalate"` makes them do, are started again before
   * the system closes. Default: 5 times within 10,000 ms.
   */
  readonly supervision?: Pick<SupervisionOptions, "intensity" | "periodMs" | "backoff">;
}

/** One running tree with one transport. */
export interface System extends AsyncDisposable {
  /** Its name, as given. */
  readonly name: string;
  /** This instance's number in base 36: part of its names on the broker. */
  readonly instance: string;
  /**
   * Serves a contract; resolves after the first rebalance round.
   *
   * @param implementation of a service: an object with a function or an `actor()` per method, or an instance of a
   * class, whose state is its own and outlives restarts. Of an entity: a function that makes the actor of a key
   * @throws {TypeError} when the implementation does not fit the contract, or an option has no meaning
   * @throws {RangeError} on options out of their range
   * @throws {RpcError} `unavailable` / `not_sent` when it did not start in time
   */
  serve<C extends Contract>(
    contract: C,
    implementation: Implementation<C>,
    options?: ServeOptions<C>,
  ): Promise<ServiceHandle>;
  /** A typed proxy of the contract. */
  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C>;
  /** Calls without types: as `CallerSystem.invoke` says. */
  invoke(target: Target, input?: unknown, options?: CallOptions & ClientOptions): Promise<unknown>;
  /** What became of the calls to every served contract. */
  services(): readonly ServiceState[];
  /** Everything that runs in it, as plain data: what is stuck, and why. */
  tree(): TreeNode;
  /** Resolves once the system is closed, with the reason: by its owner, or because its transport or a service failed. */
  readonly closed: Promise<string>;
  /** Stops now: calls under way settle with `cancelled`, queues are given back after their handlers. Idempotent. */
  close(reason?: string): Promise<void>;
  /** Drains: stops serving, waits for calls under way, then closes. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}

const SYSTEM_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

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
 * @throws {RangeError} on restarts out of their range
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
  return await RunningSystem.start(options, parts);
}

/** What a system consists of once it runs, besides its parts. */
interface Running {
  readonly root: Supervisor;
  readonly direct: DirectListener;
}

class RunningSystem implements System {
  readonly name: string;
  readonly instance: string;
  readonly closed: Promise<string>;
  readonly #parts: Parts;
  readonly #interceptors: readonly CallInterceptor[];
  readonly #handlerInterceptors: readonly HandlerInterceptor[];
  readonly #root: Supervisor;
  readonly #direct: DirectListener;
  readonly #turns = new Turns();
  readonly #budget = new ByteBudget(SYSTEM_MAILBOX_BYTES);
  /** By contract name; `undefined` while its start is under way. */
  readonly #services = new Map<string, ServedService | undefined>();
  /** Set as soon as the system stops serving. */
  #stopping = false;
  readonly #closed = createDeferred<string>();
  #closing: Promise<void> | undefined;

  private constructor(options: SystemOptions, parts: Parts, { root, direct }: Running) {
    this.name = options.name;
    this.#interceptors = options.interceptors ?? [];
    this.#handlerInterceptors = options.handlerInterceptors ?? [];
    this.#parts = parts;
    this.#root = root;
    this.#direct = direct;
    this.instance = parts.instance.toString(36);
    this.closed = this.#closed.promise;
  }

  static async start(system: SystemOptions, parts: Parts): Promise<RunningSystem> {
    const { name, supervision } = system;
    const { transport, caller, clock, random, wheel } = parts;
    const gaveUp = createDeferred<Exit>();
    const first = new TransportChild(
      transport,
      () => clock.now(),
      () => caller.close("the transport has failed"),
    );
    const direct = new DirectListener(transport, listenForReplies(caller.pending, caller.owners));
    const children = [first.spec, directChild(parts, direct)];
    const options = {
      ...supervision,
      id: name,
      kind: "system",
      onGiveUp: "escalate",
      clock,
      random,
    } as const;
    const context = { signal: new AbortController().signal, exited: gaveUp.resolve };
    try {
      const root = await Supervisor.start({ ...options, children }, context);
      const running = new RunningSystem(system, parts, { root, direct });
      void gaveUp.promise.then((exit) => running.close(reasonOf(exit)));
      return running;
    } catch (error) {
      wheel.close();
      await transport.close();
      throw error;
    }
  }

  async serve<C extends Contract>(
    contract: C,
    implementation: Implementation<C>,
    options: ServeOptions<C> = {},
  ): Promise<ServiceHandle> {
    const { name } = contract;
    if (this.#stopping) throw new TypeError(`Cannot serve "${name}": the system is closing`);
    if (contract.foreign) {
      throw new TypeError(`Cannot serve "${name}": it is declared foreign, so a plain responder serves it`);
    }
    if (this.#services.has(name)) throw new TypeError(`Cannot serve "${name}" twice in one system`);
    const limit = AbortSignal.timeout(timeout(options.timeoutMs ?? SERVE_TIMEOUT_MS));
    const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
    const service = new ServedService(
      this.#recipe(contract, implementation, options),
      () => this.#remove(name),
    );
    this.#services.set(name, undefined);
    try {
      const first = await service.begin(signal);
      if (this.#stopping) {
        await first.stop({ signal });
        throw new TypeError(`Cannot serve "${name}": the system was closed meanwhile`);
      }
      await this.#root.add(service.spec);
      this.#services.set(name, service);
      return service;
    } catch (error) {
      this.#services.delete(name);
      throw error === limit.reason ? tooSlow(name, error) : error;
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

  tree(): TreeNode {
    const root = this.#root.state();
    return { ...root, details: { ...root.details, instance: this.instance } };
  }

  close(reason = "closed by its owner"): Promise<void> {
    this.#stopping = true;
    this.#parts.caller.close("the system is closed");
    return this.#closing ??= this.#release(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    this.#stopping = true;
    // In reverse order of their start.
    for (const service of [...this.#services.values()].reverse()) await service?.stop();
    await this.#parts.caller.drain("the system is closing");
    await this.close("disposed by its owner");
  }

  async #release(reason: string): Promise<void> {
    try {
      await this.#root.stop();
      // A transport that failed is no child any more.
      await this.#parts.transport.close();
    } finally {
      this.#services.clear();
      this.#parts.wheel.close();
      this.#closed.resolve(reason);
    }
  }

  async #remove(name: string): Promise<void> {
    try {
      // A root that stops stops it too.
      await (this.#closing === undefined ? this.#root.remove(name) : this.#closing);
    } finally {
      this.#services.delete(name);
    }
  }

  #recipe(contract: Contract, implementation: unknown, options: ServeOptions): Recipe {
    const { transport, clock, random, wheel } = this.#parts;
    const parts = { transport, clock, random, wheel, store: options.store };
    const host = this.#host(contract, options);
    return { contract, implementation, options, host, parts, direct: this.#direct };
  }

  #host(contract: Contract, options: ServeOptions): CellHost {
    const interceptors = [...this.#handlerInterceptors, ...options.interceptors ?? []];
    // Says at once what it could not be put around later.
    interceptHandler(contract.name, "", () => {}, interceptors);
    const { clock, random, caller } = this.#parts;
    return {
      contract,
      instance: `${this.name}/${this.instance}`,
      clock,
      interceptors,
      random,
      turns: this.#turns,
      budget: this.#budget,
      log: (properties) => logger("handler").with(properties),
      client: (nested, scope) => proxyOf(caller, nested, {}, this.#interceptors, scope),
    };
  }
}

/** Why the root gave up, with what led to it. */
function reasonOf(exit: Exit): string {
  const messages: string[] = [];
  let error: unknown = exit.kind === "failed" ? exit.error : undefined;
  for (; error instanceof Error && messages.length < 8; error = error.cause) messages.push(error.message);
  return messages.join(": ");
}

function tooSlow(contract: string, cause: unknown): RpcError {
  const message =
    `Cannot serve "${contract}" in time: its actors, its topics, or the first rebalance round took too long`;
  return new RpcError("unavailable", message, { outcome: "not_sent", cause });
}
