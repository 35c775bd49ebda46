import { neverRan } from "../errors/outcome.ts";
import type { RpcError } from "../errors/rpc_error.ts";

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
