import { RpcError } from "../errors/rpc_error.ts";

/** What becomes of a call whose queue is another's. */
export function queueLost(callId: string): RpcError {
  return new RpcError("unavailable", "Its queue was lost", { outcome: "sent_unknown", callId });
}

/** What tells a handler that it takes too long. */
export function overdue(callId: string): RpcError {
  return new RpcError("deadline_exceeded", "The deadline passed while the handler ran", { callId });
}

/**
 * What answers a call whose deadline passed before its handler could start.
 *
 * @param minRemainingMs what its method needs at least
 */
export function expired(minRemainingMs = 0): RpcError {
  const message = minRemainingMs === 0
    ? "The deadline passed before a handler could start"
    : `Less time was left than the ${minRemainingMs} ms that the method needs`;
  return new RpcError("deadline_exceeded", message, { outcome: "expired" });
}
