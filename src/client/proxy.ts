import type { Call, Invoke } from "../call/call.ts";
import type { CallOptions } from "../contract/call_options.ts";
import { checkKey } from "../call/key.ts";
import type { AnyMethod, Client, Contract, ItemStream } from "../contract/types.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { type ItemSource, ReadStream } from "./item_stream.ts";

const NO_OPTIONS: CallOptions = Object.freeze({});

type Method = (input?: unknown, options?: CallOptions) => Promise<unknown> | ItemStream<unknown>;

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
    if (kind === "stream") {
      calls[method] = (input, options = NO_OPTIONS) =>
        streamOf({ contract, method, kind, settings, key, input, options }, invoke);
      continue;
    }
    calls[method] = (input, options) =>
      invoke({ contract, method, kind, settings, key, input, options: options ?? NO_OPTIONS });
  }
  return Object.freeze(calls);
}

/** A stream that sends its call when it is read. */
function streamOf(call: Call, invoke: Invoke): ItemStream<unknown> {
  const own = call.options.signal;
  return new ReadStream(async (closing) => {
    const signal = own === undefined ? closing : AbortSignal.any([own, closing]);
    return sourceOf(await invoke({ ...call, options: { ...call.options, signal } }));
  });
}

/** An interceptor may have answered with something else. */
function sourceOf(answer: unknown): ItemSource {
  if (
    typeof answer === "object" && answer !== null && "next" in answer && typeof answer.next === "function"
  ) {
    // What has `next` is an iterator: what it gives is looked at step by step.
    return answer as ItemSource;
  }
  const create = typeof answer === "object" && answer !== null
    ? Reflect.get(answer, Symbol.asyncIterator)
    : undefined;
  if (typeof create === "function") return create.call(answer);
  throw new RpcError("internal", "An interceptor answered a stream with something that cannot be iterated", {
    outcome: "sent_unknown",
  });
}
