import { neverRan } from "../errors/outcome.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import type { Backoff } from "../async/backoff.ts";
import type { Timer } from "../async/clock.ts";

/** What a call remembers once a try of it has failed. */
export interface Retry {
  /** How the last try failed. */
  error: RpcError;
  /** Whether any try may have been stored: then all further ones go to the same queue. */
  maybeStored: boolean;
  /** Whether the call waits to be sent again. */
  paused: boolean;
  /** What ends the pause; none where something else does. */
  timer: Timer | undefined;
  readonly backoff: Backoff;
}

/**
 * Whether a call that failed like this is made again by its caller: where it certainly did not run, or where
 * running it twice does no harm, and only where the failure is one that passes.
 *
 * @param error how the last try failed
 * @param idempotent whether the method may be run again
 */
export function mayTryAgain({ code, outcome }: RpcError, idempotent: boolean): boolean {
  if (code !== "unavailable" && code !== "resource_exhausted") return false;
  return neverRan(outcome) || (idempotent && outcome === "sent_unknown");
}

/** Whether a callee may have refused a call because it divides the keys among other queues than its caller. */
export function mayHaveMoved({ code, outcome }: RpcError): boolean {
  return code === "failed_precondition" && outcome === "rejected";
}
