import type { Call, Invoke } from "../call/call.ts";
import type { CallOptions } from "../contract/call_options.ts";
import { checkKey } from "../call/key.ts";
import type { AnyMethod, Client, Contract, ItemStream } from "../contract/types.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { type ItemSource, OpenStream, ReadStream } from "./item_stream.ts";

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

/** An interceptor may have answered with anything that can be iterated. */
function sourceOf(answer: unknown): ItemSource {
  if (answer instanceof OpenStream) return answer;
  const create = typeof answer === "object" && answer !== null
    ? Reflect.get(answer, Symbol.asyncIterator) ?? Reflect.get(answer, Symbol.iterator)
    : undefined;
  if (typeof create !== "function") {
    const message = "An interceptor answered a stream with something that cannot be iterated";
    throw new RpcError("internal", message, { outcome: "sent_unknown" });
  }
  return new ForeignSource(create.call(answer));
}

/** What an interceptor made of a stream: it may throw anything. */
class ForeignSource implements ItemSource {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;

  constructor(iterator: AsyncIterator<unknown> | Iterator<unknown>) {
    this.#iterator = iterator;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    try {
      const step = await this.#iterator.next();
      return step.done ? { done: true, value: undefined } : { done: false, value: await step.value };
    } catch (error) {
      throw RpcError.from(error);
    }
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    await this.#iterator.return?.();
    return { done: true, value: undefined };
  }
}
