import type { Contract, Method } from "../contract/types.ts";

/** A value now or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/** What a handler is given besides its input. */
export interface HandlerContext {
  /** Aborts at the deadline, and when this instance stops or loses the call's queue. */
  readonly signal: AbortSignal;
  /** When the call must be done, epoch milliseconds by this machine's clock; `Infinity` where there is none. */
  readonly deadline: number;
  /** Milliseconds until the deadline, never below 0. */
  remainingMs(): number;
  /** The call's id: the key of its messages on the broker. */
  readonly callId: string;
  /** What makes two runs the same piece of work: the caller's key, else the call's id. */
  readonly idempotencyKey: string;
  /** Which attempt this is, from 1 to 3. */
  readonly attempt: number;
  /** Headers that the caller's user set. */
  readonly headers: ReadonlyMap<string, string>;
  /** The caller's system and instance as it says: a claim, not a proof. */
  readonly caller: string | undefined;
}

/** One method's handler. What it throws answers the call; anything but an `RpcError` is a crash. */
export type Handler<In, Out> = (input: In, context: HandlerContext) => Awaitable<Out>;

/** One handler for each method of a contract. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C["methods"]]: C["methods"][K] extends Method<infer In, infer Out> ? Handler<In, Out>
    : never;
};

/** A handler whose types have been erased: the runtime calls it with what the codec decoded. */
export type AnyHandler = (input: unknown, context: HandlerContext) => unknown;
