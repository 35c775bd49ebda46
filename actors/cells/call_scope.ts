import { AsyncLocalStorage } from "node:async_hooks";
import type { CallScope } from "../../src/call/scope.ts";

// One for the process: a client made by one system may be used inside a handler of another.
const scopes = new AsyncLocalStorage<CallScope | undefined>();

/** Runs a handler so that calls made inside it, by whatever client, know the call that they are nested in. */
export function runInScope<A, T>(scope: CallScope, work: (given: A) => T, given: A): T {
  return scopes.run(scope, work, given);
}

/** Runs what belongs to no call, although a call may have led to it: an actor's factory, its stop hook. */
export function runOutsideCalls<T>(work: () => T): T {
  return scopes.getStore() === undefined ? work() : scopes.run(undefined, work);
}

/** The call inside which the current code runs, or `undefined`. */
export function currentScope(): CallScope | undefined {
  return scopes.getStore();
}
