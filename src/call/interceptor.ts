import type { Awaitable } from "../contract/types.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Call, Invoke } from "./call.ts";
import type { AnyHandler, HandlerContext } from "./handler.ts";

/**
 * Runs around every call of a client, once per call however often it is sent: may change the call, answer it
 * itself, or refuse it by throwing an `RpcError`. What it throws before it goes on has outcome `not_sent`. The
 * first of a list is the outermost, and a system's come before a client's. The call's deadline starts when the last
 * of them goes on: one that waits for something bounds its wait itself.
 *
 * @param call the call as it stands; pass a changed copy on, never change it
 * @param next goes on: to the next interceptor, at last onto the wire. Each time it is called is a call of its own,
 * with an id of its own
 * @returns what the caller gets
 */
export type CallInterceptor = (call: Call, next: Invoke) => Awaitable<unknown>;

/** A call as an interceptor of handlers sees it. */
export interface HandledCall {
  /** The contract's name. */
  readonly contract: string;
  /** The method. */
  readonly method: string;
  /** What the input schema parsed. */
  readonly input: unknown;
  /** What the handler is given besides its input. */
  readonly context: HandlerContext;
}

/** Goes on to the next interceptor, at last to the handler. */
export type Handle = (call: HandledCall) => Promise<unknown>;

/**
 * Runs around every attempt of a handler: the place for authentication. May change the input, answer the call
 * itself, or refuse it by throwing an `RpcError`; anything else that it throws is a crash, as the handler's would
 * be. The first of a list is the outermost, and a system's come before a service's.
 *
 * @param call the call as it stands; pass a changed copy on, never change it
 * @param next goes on, once: an attempt is one run of the handler, so that a second time throws a `TypeError`
 * @returns what the output schema then checks and the caller gets
 */
export type HandlerInterceptor = (call: HandledCall, next: Handle) => Awaitable<unknown>;

/**
 * Puts interceptors around sending. Without any it is `invoke` itself.
 *
 * @throws {TypeError} when one of them is no function
 */
export function interceptCalls(invoke: Invoke, interceptors: readonly CallInterceptor[]): Invoke {
  if (interceptors.length === 0) return invoke;
  checkInterceptors(interceptors);
  return async (call) => {
    let sent = false;
    const last: Invoke = (changed) => {
      sent = true;
      return invoke(changed);
    };
    try {
      return await goThrough(interceptors, 0, call, last);
    } catch (error) {
      throw sent ? RpcError.from(error) : unsent(error);
    }
  };
}

/** What an interceptor threw before anything was sent; an outcome that it has is that of another call. */
function unsent(error: unknown): RpcError {
  const failure = RpcError.from(error);
  if (failure.outcome === "not_sent") return failure;
  const { code, message, contract, declared: name, details } = failure;
  const declared = contract === undefined || name === undefined ? undefined : { contract, error: name };
  return new RpcError(code, message, { outcome: "not_sent", cause: error, declared, details });
}

/**
 * Puts interceptors around a handler. Without any it is the handler itself.
 *
 * @throws {TypeError} when one of them is no function
 */
export function interceptHandler(
  contract: string,
  method: string,
  handler: AnyHandler,
  interceptors: readonly HandlerInterceptor[],
): AnyHandler {
  if (interceptors.length === 0) return handler;
  checkInterceptors(interceptors);
  return (input, context) => {
    let started = false;
    const last: Handle = async (call) => {
      if (started) throw new TypeError(`Cannot run "${method}" twice in one attempt: call next() once`);
      started = true;
      return await handler(call.input, call.context);
    };
    return goThrough(interceptors, 0, { contract, method, input, context }, last);
  };
}

/** Runs the interceptors from `index` on, the last of which goes on to what they are around. */
async function goThrough<C>(
  interceptors: readonly ((call: C, next: (call: C) => Promise<unknown>) => Awaitable<unknown>)[],
  index: number,
  call: C,
  last: (call: C) => Promise<unknown>,
): Promise<unknown> {
  const interceptor = interceptors[index];
  if (interceptor === undefined) return await last(call);
  return await interceptor(call, (changed) => goThrough(interceptors, index + 1, changed, last));
}

function checkInterceptors(interceptors: readonly unknown[]): void {
  for (const interceptor of interceptors) {
    if (typeof interceptor === "function") continue;
    throw new TypeError(
      `Cannot use the 'interceptors': each must be a function: one is ${typeof interceptor}`,
    );
  }
}
