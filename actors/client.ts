import type { Invoke } from "../src/call/call.ts";
import { CALL_TIMEOUT_MS } from "../src/call/defaults.ts";
import { createProxy } from "../src/client/proxy.ts";
import type { Caller } from "../src/client/caller.ts";
import { timeout } from "../src/contract/method.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import type { Transport } from "../src/transport/transport.ts";
import { type Parts, type Sources, startParts } from "./parts.ts";

/** What all calls of one proxy share. */
export interface ClientOptions {
  /** Default deadline of its calls, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}

/** What a caller that serves nothing is made of. */
export interface CallerOptions extends Sources {
  /** How calls leave this process. Started here, closed with it. */
  readonly transport: Transport;
  /** What callees see as `ctx.caller`. Default `client`. */
  readonly name?: string;
}

/** A caller that serves nothing. */
export interface CallerSystem extends AsyncDisposable {
  /** A typed proxy of the contract. */
  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C>;
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
  return new ConnectedClient(parts);
}

/** Makes a proxy whose calls leave through `caller`. */
export function proxyOf<C extends Contract>(
  caller: Caller,
  contract: C,
  options: ClientOptions = {},
): Client<C> {
  const timeoutMs = options.timeoutMs === undefined ? CALL_TIMEOUT_MS : timeout(options.timeoutMs);
  const invoke: Invoke = (call) => caller.call(call, timeoutMs);
  return createProxy(contract, invoke);
}

class ConnectedClient implements CallerSystem {
  readonly #parts: Parts;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  client<C extends Contract>(contract: C, options?: ClientOptions): Client<C> {
    return proxyOf(this.#parts.caller, contract, options);
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
    }
  }
}
