import { AsyncLocalStorage } from "node:async_hooks";
import type { CallScope } from "../src/call/scope.ts";

// One for the process: a client made by one system may be used inside a handler of another.
const scopes = new AsyncLocalStorage<CallScope>();

/** Runs a handler so that calls made inside it, by whatever client, know the call that they are nested in. */
export function runInScope<T>(scope: CallScope, handler: () => T): T {
  return scopes.run(scope, handler);
}

/** The call inside which the current code runs, or `undefined`. */
export function currentScope(): CallScope | undefined {
  return scopes.getStore();
}
