import { RpcError } from "../../src/errors/rpc_error.ts";

/**
 * What answers calls to an actor that spent its restarts. It names the kind of failure only: what a handler throws may
 * hold what callers must not see.
 *
 * @param name the actor's
 * @param failure what it failed with last
 * @param reopensAtMs when it takes calls again, epoch milliseconds; `undefined` where that is not known
 */
export function suspended(name: string, failure: unknown, reopensAtMs: number | undefined): RpcError {
  const until = reopensAtMs === undefined ? "" : ` until ${new Date(reopensAtMs).toISOString()}`;
  const message = `"${name}" is suspended${until}, its restarts are spent: ${reasonOf(failure)}`;
  return new RpcError("unavailable", message, { outcome: "rejected" });
}

/** What answers calls that wait for an actor which is not to be started again. */
export function notStarted(name: string, failure: unknown): RpcError {
  return new RpcError("unavailable", `"${name}" did not start: ${reasonOf(failure)}`, {
    outcome: "rejected",
  });
}

function reasonOf(failure: unknown): string {
  if (failure === undefined) return "it ended by itself too often";
  const kind = failure instanceof Error ? failure.name : `a ${typeof failure}`;
  return `it failed with ${kind}, which is in the callee's log`;
}
