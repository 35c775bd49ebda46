/**
 * What is known about a request that failed:
 *
 * - `not_sent`: it certainly never reached the server; safe to send again.
 * - `unknown`: it may have been handled, be handled now, or be lost.
 * - `refused`: the server answered with a failure code.
 */
export type RocketMqErrorKind = "not_sent" | "unknown" | "refused";

/** What an access control list refused: who the client says it is, or what it wants to do. */
export type RefusedAccess = "identity" | "permission";

/** What a {@linkcode RocketMqError} may carry besides its kind and text. */
export interface RocketMqErrorOptions {
  /** The server's response code; given when it was refused. */
  readonly responseCode?: number | undefined;
  /** Given when an access control list refused it. */
  readonly access?: RefusedAccess | undefined;
  /** The server's address, `host:port`. */
  readonly address?: string | undefined;
  /** What led to it. */
  readonly cause?: unknown;
}

/** The one error of this client. Misuse is told apart: it throws `TypeError` and `RangeError`. */
export class RocketMqError extends Error {
  /** Always this. */
  override readonly name = "RocketMqError";
  /** What is known about the request. */
  readonly kind: RocketMqErrorKind;
  /** The server's response code, when it was refused; 16 for every refusal of an access control list. */
  readonly responseCode: number | undefined;
  /** What was not accepted, when an access control list refused it. */
  readonly access: RefusedAccess | undefined;
  /** The server's address, `host:port`, when one was involved. */
  readonly address: string | undefined;

  /**
   * Makes the error; its text names the server and what to do.
   *
   * @param kind what is known about the request
   * @param message text for people
   * @param options response code, refused access, address and cause
   */
  constructor(kind: RocketMqErrorKind, message: string, options: RocketMqErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.responseCode = options.responseCode;
    this.access = options.access;
    this.address = options.address;
  }
}
