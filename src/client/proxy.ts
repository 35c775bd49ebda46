import type { Invoke } from "../call/call.ts";
import type { CallOptions } from "../contract/call_options.ts";
import type { Client, Contract } from "../contract/types.ts";

const NO_OPTIONS: CallOptions = Object.freeze({});

/**
 * Builds the proxy of a contract: a plain frozen object with one function per method, so that `await proxy` and
 * `console.log(proxy)` behave and an unknown method is `undefined`.
 */
export function createProxy<C extends Contract>(contract: C, invoke: Invoke): Client<C> {
  const proxy: Record<string, (input?: unknown, options?: CallOptions) => Promise<unknown>> = {};
  for (const [method, { settings }] of Object.entries(contract.methods)) {
    proxy[method] = (input, options) =>
      invoke({ contract, method, settings, input, options: options ?? NO_OPTIONS });
  }
  // The loop above gives every method of the contract its function: what the mapped type says, entry by entry.
  return Object.freeze(proxy) as Client<C>;
}
