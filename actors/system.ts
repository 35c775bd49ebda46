import { type Observed, type Sources, startParts } from "./parts.ts";
import { RunningSystem } from "./running_system.ts";
import type { Implementation } from "../src/call/handler.ts";
import type { CallInterceptor, HandlerInterceptor } from "../src/call/interceptor.ts";
import type { CallOptions } from "../src/contract/call_options.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import type { Transport } from "../src/transport/transport.ts";
import type { ClientOptions, Target } from "./client.ts";
import type { ServeOptions } from "./serve_options.ts";
import type { ServiceHandle, ServiceState } from "./served_service.ts";
import type { SupervisionOptions } from "./supervision/supervision.ts";
import type { TreeNode } from "../src/call/tree.ts";

/** What a system is made of. */
export interface SystemOptions extends Sources, Observed {
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
  /** Where it is reached past all queues: what `client(Health, { instance })` takes. */
  readonly address: string;
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
 * @throws {TypeError} on an illegal name, or on providers of telemetry that are none
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
