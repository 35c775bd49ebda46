import type { Code } from "../errors/code.ts";
import { RpcError } from "../errors/rpc_error.ts";

/** An error of which no broker has heard. */
export function notSent(code: Code, message: string, cause?: unknown): RpcError {
  return new RpcError(code, message, { outcome: "not_sent", cause });
}

/**
 * What was caught before anything was sent, as the error of a call: `invalid_argument`, or the code that user code
 * (a schema, a codec, a key's function) threw. Its own outcome and call id are another call's, if any.
 */
export function invalid(error: unknown): RpcError {
  if (!(error instanceof RpcError)) {
    return notSent("invalid_argument", error instanceof Error ? error.message : String(error), error);
  }
  return error.outcome === "not_sent" ? error : notSent(error.code, error.message, error);
}

/** A failure to find out where requests go: whatever was thrown, none of them has been sent. */
export function unsent(error: unknown): RpcError {
  const { code, message, outcome } = RpcError.from(error);
  return error instanceof RpcError && outcome === "not_sent" ? error : notSent(code, message, error);
}

/** As which failure an abort counts: the deadline of the call around it ends a nested call as its own would. */
export function codeOfAbort(reason: unknown): "cancelled" | "deadline_exceeded" {
  return reason instanceof RpcError && reason.code === "deadline_exceeded" ? reason.code : "cancelled";
}
