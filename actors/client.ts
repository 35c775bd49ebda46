import type { Call, Invoke } from "../src/call/call.ts";
import { CALL_TIMEOUT_MS } from "../src/call/defaults.ts";
import { createProxy } from "../src/client/proxy.ts";
import { invalid, notSent } from "../src/client/refusal.ts";
import { type CallInterceptor, interceptCalls } from "../src/call/interceptor.ts";
import { checkKey } from "../src/call/key.ts";
import type { CallScope } from "../src/call/scope.ts";
import type { Caller, ProxySettings } from "../src/client/caller.ts";
import type { CallOptions } from "../src/contract/call_options.ts";
import { timeout } from "../src/contract/method.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import type { Transport } from "../src/transport/transport.ts";
import { type Observed, type Parts, type Sources, startParts } from "./parts.ts";
import type { UntypedContracts } from "./untyped.ts";

/** What all calls of one proxy share. */
export interface ClientOptions {
  /** Default deadline of its calls, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Run around every call, inside the system's own; the first is the outermost. */
  readonly interceptors?: readonly CallInterceptor[] | undefined;
  /**
   * The address of one instance (`system.address`) that shall serve the calls, past all queues: for built-in
   * services such as `rocket.Health`. What is sent so is not stored.
   */
  readonly instance?: string | undefined;
}

/** What {@linkcode CallerSystem.invoke} calls. */
export interface Target {
  /** The contract; or its name alone, for a service without keys or an entity, whose codec is JSON. */
  readonly contract: Contract | string;
  /** The method. */
  readonly method: string;
  /** The entity's key. */
  readonly key?: string | undefined;
}

/** What a caller that serves nothing is made of. */
export interface CallerOptions extends Sources, Observed {
  /** How calls leave this process. Started here, closed with it. */
  readonly transport: Transport;
  /** What callees see as `ctx.caller`. Default `client`. */
  readonly name?: string | undefined;
  /** Run around every call of every proxy; the first is the outermost. */
  readonly interceptors?: readonly CallInterceptor[] | undefined;
}

/** A caller that serves nothing. */
export interface CallerSystem extends AsyncDisposable {
  /** A typed proxy of the contract. */
  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C>;
  /**
   * Calls without types, for command lines and gateways.
   *
   * @param target contract, method and key
   * @param input what the method takes
   * @param options as of any call
   * @returns what the method answers; for a one-way method its receipt
   * @throws {RpcError} as any call; `unimplemented` / `not_sent` for a method that the contract does not have
   */
  invoke(target: Target, input?: unknown, options?: CallOptions & ClientOptions): Promise<unknown>;
  /** Calls under way. */
  readonly pending: number;
  /** Stops now: calls under way settle with `cancelled` and the outcome known. Idempotent. */
  close(): Promise<void>;
  /** Drains: refuses further calls, waits for those under way, then closes. Idempotent. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Connects a caller that serves nothing.
 *
 * @throws {RpcError} `unavailable` / `not_sent` when the transport cannot connect
 */
export async function createClient(options: CallerOptions): Promise<CallerSystem> {
  const parts = await startParts(options.name ?? "client", options.transport, options);
  parts.telemetry?.watch({ replies: parts.caller.pending });
  return new ConnectedClient(parts, options.interceptors ?? []);
}

/** Makes a proxy whose calls leave through `caller`, nested in `scope` where that is known. */
export function proxyOf<C extends Contract>(
  caller: Caller,
  contract: C,
  options: ClientOptions = {},
  interceptors: readonly CallInterceptor[] = [],
  scope?: CallScope,
): Client<C> {
  return createProxy(contract, invokerOf(caller, options, interceptors, scope));
}

/** Makes one call without types. Rejects with an `RpcError` only. */
export async function invokeUntyped(
  { caller, untyped }: Pick<Parts, "caller" | "untyped">,
  target: Target,
  input: unknown,
  options: CallOptions & ClientOptions,
  interceptors: readonly CallInterceptor[],
): Promise<unknown> {
  let call: Call;
  let invoke: Invoke;
  try {
    call = callOf(untyped, target, input, options);
    invoke = invokerOf(caller, { ...options, timeoutMs: undefined }, interceptors);
  } catch (error) {
    throw invalid(error);
  }
  return await invoke(call);
}

function callOf(
  untyped: UntypedContracts,
  { contract: given, method: name, key }: Target,
  input: unknown,
  options: CallOptions,
): Call {
  const contract = typeof given !== "string"
    ? given
    : untyped.of(key === undefined ? "service" : "entity", given, name);
  const method = Object.hasOwn(contract.methods, name) ? contract.methods[name] : undefined;
  if (method === undefined) {
    throw notSent("unimplemented", `"${contract.name}" has no method ${JSON.stringify(name)}`);
  }
  if ((contract.kind === "entity") !== (key !== undefined)) {
    throw new TypeError(
      contract.kind === "entity"
        ? `Cannot call "${contract.name}" without a key: it is an entity`
        : `Cannot call "${contract.name}" by a key: it is a service, whose keys come from the input`,
    );
  }
  const { kind, settings } = method;
  return {
    contract,
    method: name,
    kind,
    settings,
    key: key === undefined ? undefined : checkKey(key),
    input,
    options,
  };
}

function invokerOf(
  caller: Caller,
  options: ClientOptions,
  interceptors: readonly CallInterceptor[],
  scope?: CallScope,
): Invoke {
  const timeoutMs = options.timeoutMs === undefined ? CALL_TIMEOUT_MS : timeout(options.timeoutMs);
  const settings: ProxySettings = { timeoutMs, instance: options.instance, scope };
  const invoke: Invoke = (call) => caller.call(call, settings);
  return interceptCalls(invoke, [...interceptors, ...options.interceptors ?? []]);
}

class ConnectedClient implements CallerSystem {
  readonly #parts: Parts;
  readonly #interceptors: readonly CallInterceptor[];
  #closing: Promise<void> | undefined;

  constructor(parts: Parts, interceptors: readonly CallInterceptor[]) {
    this.#parts = parts;
    this.#interceptors = interceptors;
  }

  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C> {
    return proxyOf(this.#parts.caller, contract, options, this.#interceptors);
  }

  invoke(target: Target, input?: unknown, options: CallOptions & ClientOptions = {}): Promise<unknown> {
    return invokeUntyped(this.#parts, target, input, options, this.#interceptors);
  }

  get pending(): number {
    return this.#parts.caller.pending.size;
  }

  close(): Promise<void> {
    this.#parts.caller.close("the client is closed");
    return this.#closing ??= this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.caller.drain("the client is closing");
    await this.close();
  }

  async #release(): Promise<void> {
    try {
      await this.#parts.transport.close();
    } finally {
      this.#parts.wheel.close();
      this.#parts.telemetry?.close();
    }
  }
}
