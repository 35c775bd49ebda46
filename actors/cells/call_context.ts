import type { Clock } from "../../src/async/clock.ts";
import { addressOf } from "../../src/call/address.ts";
import type { HandlerContext, HandlerLog, Self } from "../../src/call/handler.ts";
import type { InboundCall } from "../../src/call/inbound.ts";
import { RetryLater } from "../../src/call/retry_later.ts";
import type { CallScope } from "../../src/call/scope.ts";
import { MAX_TIMEOUT_MS } from "../../src/contract/defaults.ts";
import type { Client, Contract, NoErrors } from "../../src/contract/types.ts";
import { type DeclaredError, RpcError } from "../../src/errors/rpc_error.ts";
import { RunScope } from "./run_scope.ts";

/** What all calls of one served contract share. */
export interface ContextHost {
  readonly contract: Pick<Contract, "name" | "kind">;
  /** The system's name and instance. */
  readonly instance: string;
  readonly clock: Clock;
  /** A logger whose lines carry these properties. */
  log(properties: Readonly<Record<string, unknown>>): HandlerLog;
  /** A proxy whose calls are nested in the scope. */
  client<C extends Contract>(contract: C, scope: CallScope): Client<C>;
}

/** What `ctx.self.stop()` ends. */
export interface Stoppable {
  /** Ends it once the call that runs has been answered. */
  stop(): void;
}

/** What a handler sees of its call. */
export class CallContext implements HandlerContext {
  readonly #call: InboundCall;
  readonly #host: ContextHost;
  readonly #actor: Stoppable;
  /** What calls nested in it inherit. */
  readonly scope: RunScope;
  readonly attempt: number;
  #log: HandlerLog | undefined;

  /**
   * @param call the call
   * @param host what all calls of the contract share
   * @param actor the actor in which it runs
   */
  constructor(call: InboundCall, host: ContextHost, actor: Stoppable) {
    this.#call = call;
    this.#host = host;
    this.scope = new RunScope(call, host.contract);
    this.attempt = call.attempt;
    this.#actor = actor;
  }

  /** The contract's name. */
  get contract(): string {
    return this.#host.contract.name;
  }
  get signal(): AbortSignal {
    return this.#call.signal;
  }
  get deadline(): number {
    return this.#call.deadlineMs;
  }
  remainingMs(): number {
    return Math.max(0, this.#call.deadlineMs - this.#host.clock.now());
  }
  get callId(): string {
    return this.#call.id;
  }
  get idempotencyKey(): string {
    return this.#call.idempotencyKey;
  }
  get key(): string | undefined {
    return this.#call.key;
  }
  get sequence(): number {
    return this.#call.sequence;
  }
  get headers(): ReadonlyMap<string, string> {
    return this.#call.headers;
  }
  get caller(): string | undefined {
    return this.#call.caller;
  }
  get log(): HandlerLog {
    const { id, method, key } = this.#call;
    return this.#log ??= this.#host.log({ contract: this.#host.contract.name, method, key, callId: id });
  }
  get self(): Self {
    const { name, kind } = this.#host.contract;
    const { method, key } = this.#call;
    const stop = () => this.#actor.stop();
    return { name: addressOf(name, kind, method, key), instance: this.#host.instance, key, stop };
  }

  error<N extends keyof NoErrors & string>(
    name: N,
    details?: NoErrors[N],
    message?: string,
  ): DeclaredError<N, NoErrors[N]>;
  error(name: string, details?: unknown, message?: string): RpcError {
    const { errors } = this.#call.settings;
    const spec = Object.hasOwn(errors, name) ? errors[name] : undefined;
    if (spec === undefined) {
      const known = Object.keys(errors).join(", ") || "none";
      throw new TypeError(
        `Cannot answer with the error "${name}": "${this.#call.method}" declares ${known}; declare it with its schema`,
      );
    }
    const contract = this.#host.contract.name;
    return new RpcError(spec.code, message ?? name, { declared: { contract, error: name }, details });
  }

  client<C extends Contract>(contract: C): Client<C> {
    return this.#host.client(contract, this.scope);
  }

  retryAfter(ms: number): Error {
    if (typeof ms !== "number" || !(ms >= 0 && ms <= MAX_TIMEOUT_MS)) {
      throw new RangeError(
        `Cannot retry after ${String(ms)} ms: write a number from 0 to ${MAX_TIMEOUT_MS}`,
      );
    }
    return new RetryLater(ms);
  }
}
