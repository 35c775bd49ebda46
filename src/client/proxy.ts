import type { Invoke } from "../call/call.ts";
import type { CallOptions } from "../contract/call_options.ts";
import { checkKey } from "../call/key.ts";
import type { AnyMethod, Client, Contract } from "../contract/types.ts";

const NO_OPTIONS: CallOptions = Object.freeze({});

type Method = (input?: unknown, options?: CallOptions) => Promise<unknown>;

/**
 * Builds the proxy of a contract: a plain frozen object with one function per method, so that `await proxy` and
 * `console.log(proxy)` behave and an unknown method is `undefined`. An entity's has one such object per key.
 */
export function createProxy<C extends Contract>(contract: C, invoke: Invoke): Client<C> {
  const methods = Object.entries(contract.methods);
  const proxy = contract.kind === "entity"
    ? Object.freeze({ at: (key: string) => callsOf(contract, methods, checkKey(key), invoke) })
    : callsOf(contract, methods, undefined, invoke);
  // The loop below gives every method of the contract its function: what the mapped type says, entry by entry.
  return proxy as Client<C>;
}

function callsOf(
  contract: Contract,
  methods: readonly (readonly [string, AnyMethod])[],
  key: string | undefined,
  invoke: Invoke,
): Readonly<Record<string, Method>> {
  const calls: Record<string, Method> = {};
  for (const [method, { kind, settings }] of methods) {
    calls[method] = (input, options) =>
      invoke({ contract, method, kind, settings, key, input, options: options ?? NO_OPTIONS });
  }
  return Object.freeze(calls);
}
