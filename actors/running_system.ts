import { createDeadline } from "../src/async/deadline.ts";
import { createDeferred } from "../src/async/deferred.ts";
import type { Implementation } from "../src/call/handler.ts";
import { type CallInterceptor, type HandlerInterceptor, interceptHandler } from "../src/call/interceptor.ts";
import type { CallOptions } from "../src/contract/call_options.ts";
import { listenForReplies } from "../src/client/reply_listener.ts";
import { timeout } from "../src/contract/method.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import { EVENTS } from "../src/log/events.ts";
import { logger } from "../src/log/log.ts";
import { Health, type HealthSource } from "../src/services/health.ts";
import { VERSION } from "../src/services/version.ts";
import { DirectListener } from "../src/server/direct_listener.ts";
import { ByteBudget } from "./cells/byte_budget.ts";
import type { CellHost } from "./cells/cell_host.ts";
import type { ChildSpec, Exit } from "./supervision/child.ts";
import { type ClientOptions, invokeUntyped, proxyOf, type Target } from "./client.ts";
import { SERVE_TIMEOUT_MS, SYSTEM_MAILBOX_BYTES } from "./defaults.ts";
import { directChild } from "./direct_child.ts";
import { healthChild } from "./health_child.ts";
import type { System, SystemOptions } from "./system.ts";
import type { Parts } from "./parts.ts";
import type { ServeOptions } from "./serve_options.ts";
import { ServedService, type ServiceHandle, type ServiceState } from "./served_service.ts";
import type { Recipe } from "./serving.ts";
import { Supervisor } from "./supervision/supervisor.ts";
import { TransportChild } from "./transport_child.ts";
import type { TreeNode } from "../src/call/tree.ts";
import { Replier } from "../src/server/replier.ts";
import { Turns } from "./cells/turns.ts";

const log = logger("supervisor");

/** What a system consists of once it runs, besides its parts. */
interface Running {
  readonly root: Supervisor;
  readonly direct: DirectListener;
}

/** A system that runs. */
export class RunningSystem implements System {
  readonly name: string;
  readonly instance: string;
  readonly address: string;
  readonly closed: Promise<string>;
  readonly #parts: Parts;
  readonly #interceptors: readonly CallInterceptor[];
  readonly #handlerInterceptors: readonly HandlerInterceptor[];
  readonly #root: Supervisor;
  readonly #direct: DirectListener;
  readonly #replier: Replier;
  readonly #turns = new Turns();
  readonly #budget = new ByteBudget(SYSTEM_MAILBOX_BYTES);
  /** By contract name; `undefined` while its start is under way. */
  readonly #services = new Map<string, ServedService | undefined>();
  readonly #startedAtMs: number;
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
    this.#replier = new Replier(parts.transport, parts.clock, parts.random);
    this.instance = parts.instance.toString(36);
    this.address = parts.transport.addresses.direct;
    this.#startedAtMs = parts.clock.now();
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
    const direct = new DirectListener(
      transport,
      listenForReplies(caller.pending, caller.owners, caller.streams),
    );
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
      await root.add(running.#health());
      parts.telemetry?.watch({ replies: caller.pending, tree: () => running.tree() });
      gaveUp.promise.then((exit) => running.close(reasonOf(exit))).catch((error) =>
        log.error(EVENTS.supervisor.stopFailed, { supervisor: name, child: first.spec.id, error })
      );
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
    const service = new ServedService(
      this.#recipe(contract, implementation, options),
      () => this.#remove(name),
    );
    // Without `using`, which Node 22 cannot read.
    const limit = createDeadline(this.#parts.clock, timeout(options.timeoutMs ?? SERVE_TIMEOUT_MS));
    const signal = options.signal === undefined
      ? limit.signal
      : AbortSignal.any([limit.signal, options.signal]);
    this.#services.set(name, undefined);
    try {
      const first = await service.begin(signal);
      try {
        await this.#root.add(service.spec);
      } catch (error) {
        // A root that stops takes nothing any more: what runs already is not its to stop.
        await first.stop({ signal });
        throw this.#stopping
          ? new TypeError(`Cannot serve "${name}": the system was closed meanwhile`)
          : error;
      }
      this.#services.set(name, service);
      return service;
    } catch (error) {
      this.#services.delete(name);
      throw error === limit.signal.reason ? tooSlow(name, error) : error;
    } finally {
      limit[Symbol.dispose]();
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
    // What is stopped below takes its numbers along.
    this.#parts.telemetry?.note();
    // In reverse order of their start.
    for (const service of [...this.#services.values()].reverse()) await service?.stop();
    await this.#parts.caller.drain("the system is closing");
    await this.close("disposed by its owner");
  }

  async #release(reason: string): Promise<void> {
    // What runs still has its numbers now.
    this.#parts.telemetry?.close();
    try {
      await this.#root.stop();
      // A transport that failed is no child any more.
      await this.#parts.transport.close();
    } finally {
      this.#services.clear();
      this.#replier.close();
      this.#parts.wheel.close();
      this.#closed.resolve(reason);
    }
  }

  async #remove(name: string): Promise<void> {
    this.#parts.telemetry?.note();
    try {
      await (this.#closing ?? this.#root.remove(name));
    } catch (error) {
      // A root that stops, or that gave up meanwhile, stops it too.
      if (this.#closing === undefined && this.#root.state().state !== "failed") throw error;
      await this.closed;
    } finally {
      this.#services.delete(name);
    }
  }

  #health(): ChildSpec {
    const { transport, clock, random, wheel, telemetry } = this.#parts;
    const { name, instance } = this;
    const source: HealthSource = {
      nowMs: () => clock.now(),
      tree: () => this.tree(),
      info: () => ({
        name,
        instance,
        version: VERSION,
        startedAtMs: this.#startedAtMs,
        nowMs: clock.now(),
        contracts: [...this.#services.keys()],
        runtime: navigator.userAgent,
      }),
    };
    const parts = { transport, clock, random, wheel, observer: telemetry?.services };
    return healthChild(source, this.#direct, parts, this.#host(Health, []));
  }

  #recipe(contract: Contract, implementation: unknown, options: ServeOptions): Recipe {
    const { transport, clock, random, wheel, telemetry } = this.#parts;
    const observer = telemetry?.services;
    const parts = { transport, clock, random, wheel, store: options.store, replier: this.#replier, observer };
    return {
      contract,
      implementation,
      options,
      host: this.#host(contract, [...this.#handlerInterceptors, ...options.interceptors ?? []]),
      parts,
      direct: this.#direct,
    };
  }

  #host(contract: Contract, interceptors: readonly HandlerInterceptor[]): CellHost {
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
