import type { Awaitable } from "../contract/types.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Call, Invoke } from "./call.ts";
import type { AnyHandler, HandlerContext } from "./handler.ts";

/**
 * Runs around every call of a client, once per call however often it is sent: may change the call, answer it
 * itself, or refuse it by throwing an `RpcError`. The first of a list is the outermost, and a system's come
 * before a client's.
 *
 * @param call the call as it stands; pass a changed copy on, never change it
 * @param next goes on: to the next interceptor, at last onto the wire
 * @returns what the caller gets
 */
export type CallInterceptor = (call: Call, next: Invoke) => Promise<unknown>;

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
 * @param next goes on
 * @returns what the output schema then checks and the caller gets
 */
export type HandlerInterceptor = (call: HandledCall, next: Handle) => Awaitable<unknown>;

/** Puts interceptors around sending. Without any it is `invoke` itself. */
export function interceptCalls(invoke: Invoke, interceptors: readonly CallInterceptor[]): Invoke {
  if (interceptors.length === 0) return invoke;
  const around = interceptors.reduceRight<Invoke>(
    (next, intercept) => async (call) => await intercept(call, next),
    invoke,
  );
  // A call rejects with an RpcError only, whatever an interceptor throws.
  return (call) => around(call).catch((error) => Promise.reject(RpcError.from(error)));
}

/** Puts interceptors around a handler. Without any it is the handler itself. */
export function interceptHandler(
  contract: string,
  method: string,
  handler: AnyHandler,
  interceptors: readonly HandlerInterceptor[],
): AnyHandler {
  if (interceptors.length === 0) return handler;
  const innermost: Handle = async ({ input, context }) => await handler(input, context);
  const around = interceptors.reduceRight<Handle>(
    (next, intercept) => async (call) => await intercept(call, next),
    innermost,
  );
  return (input, context) => around({ contract, method, input, context });
}
