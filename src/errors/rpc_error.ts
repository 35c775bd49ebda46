import type { Code } from "./code.ts";
import type { Outcome } from "./outcome.ts";

/** What an {@linkcode RpcError} may carry besides its code and text. */
export interface RpcErrorOptions {
  /** What is known about delivery. Default: `replied`, which is right for an error thrown in a handler. */
  readonly outcome?: Outcome;
  /** The call's id, for whoever looks it up on the broker. */
  readonly callId?: string | undefined;
  /** What led to it. Kept for logs, never sent to a peer. */
  readonly cause?: unknown;
  /** Which declared error of which contract it is. */
  readonly declared?: DeclaredName | undefined;
  /** The details of a declared error. */
  readonly details?: unknown;
}

/** The name of a declared error, with the contract that declares it. */
export interface DeclaredName {
  /** The contract's name. */
  readonly contract: string;
  /** The error's name. */
  readonly error: string;
}

/** What {@linkcode RpcError.is} needs of a contract: its name, and its errors as types. */
export interface ErrorSource<E> {
  /** The contract's name. */
  readonly name: string;
  /** Types only. */
  readonly "~errors"?: E;
}

/** A declared error: its name is known, and so its details are typed. */
export interface DeclaredError<N extends string, D> extends RpcError {
  /** The name under which the contract declares it. */
  readonly declared: N;
  /** Its details, as the contract's schema describes them. */
  readonly details: D;
}

/**
 * The one error of a call. A handler throws it to answer with a failure; a caller catches it, and reads from
 * {@linkcode RpcError.outcome} whether the call may have run.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { RpcError } from "rocket-actors";
 *
 * const failure = RpcError.from(new RpcError("not_found", "No such account"));
 * assert.equal(failure.code, "not_found");
 * assert.equal(failure.outcome, "replied");
 * ```
 */
export class RpcError extends Error {
  /** Always `RpcError`. */
  override readonly name = "RpcError";
  /** Why it failed: a gRPC status code in lower case. */
  readonly code: Code;
  /** What the caller knows about delivery. */
  readonly outcome: Outcome;
  /** The id of the call, or `undefined` where there was none yet. */
  readonly callId: string | undefined;
  /** The name under which a contract declares this error, or `undefined`. Use {@linkcode RpcError.is} to type it. */
  readonly declared: string | undefined;
  /** The contract that declares it, or `undefined`. */
  readonly contract: string | undefined;
  /** The details of a declared error, else `undefined`. */
  readonly details: unknown;

  /**
   * Makes the error that answers a call.
   *
   * @param code why it failed
   * @param message text for people; sent to the caller when thrown in a handler
   * @param options outcome, call id and cause
   */
  constructor(code: Code, message: string, options: RpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.outcome = options.outcome ?? "replied";
    this.callId = options.callId;
    this.declared = options.declared?.error;
    this.contract = options.declared?.contract;
    this.details = options.details;
  }

  /**
   * Whether this is that declared error of that contract; then its details are typed.
   *
   * @param contract the contract that declares it
   * @param name the error's name in it
   */
  is<E, N extends keyof E & string>(contract: ErrorSource<E>, name: N): this is DeclaredError<N, E[N]> {
    return this.declared === name && this.contract === contract.name;
  }

  /** As the method of that name, for anything that was caught. */
  static is<E, N extends keyof E & string>(
    error: unknown,
    contract: ErrorSource<E>,
    name: N,
  ): error is DeclaredError<N, E[N]> {
    return error instanceof RpcError && error.is(contract, name);
  }

  /**
   * Turns whatever was caught into an `RpcError`. An `RpcError` comes back as it is. Everything else becomes
   * `unknown` with outcome `sent_unknown` (nothing may be concluded from it), its value kept as `cause`.
   */
  static from(error: unknown): RpcError {
    if (error instanceof RpcError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new RpcError("unknown", message, { outcome: "sent_unknown", cause: error });
  }
}
