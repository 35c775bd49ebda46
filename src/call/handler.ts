import type { AnyMethod, Awaitable, Client, Contract, Entity, NoErrors, TypesOf } from "../contract/types.ts";
import type { DeclaredError } from "../errors/rpc_error.ts";

/** A handler's logger: the category is the library's, contract, method and call id are among the properties. */
export interface HandlerLog {
  /** For whoever debugs. */
  debug(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** For operators. */
  info(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** Something is not as it should be. */
  warn(message: string, properties?: Readonly<Record<string, unknown>>): void;
  /** Something failed. */
  error(message: string, properties?: Readonly<Record<string, unknown>>): void;
}

/** The actor in which a handler runs. */
export interface Self {
  /** The contract's name and the method, or the contract's name and the entity's key. */
  readonly name: string;
  /** The system's name and instance, as others see them in `ctx.caller`. */
  readonly instance: string;
  /** The entity's key, or `undefined`. */
  readonly key: string | undefined;
  /**
   * Ends this actor after the call that runs: a normal exit. A stateless function has nothing to end. The next
   * call starts an `actor()` or an entity's key afresh.
   */
  stop(): void;
}

/** What a handler is given besides its input. */
export interface HandlerContext<E = NoErrors> {
  /** Aborts at the deadline, on a cancel, and when this instance stops or loses the call's queue. */
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
  /** The key of the entity or of an ordered method. */
  readonly key: string | undefined;
  /**
   * Grows from call to call of one key, whoever runs them: a fencing token for a database. Calls that the broker
   * stored later have a greater one; a second attempt has that of the first.
   */
  readonly sequence: number;
  /** Headers that the caller's user set. */
  readonly headers: ReadonlyMap<string, string>;
  /** The caller's system and instance as it says: a claim, not a proof. */
  readonly caller: string | undefined;
  /** Logs with the call's contract, method and id. */
  readonly log: HandlerLog;
  /** The actor in which this runs. */
  readonly self: Self;
  /**
   * Makes a declared error: throw it, and the caller gets its name and typed details.
   *
   * @throws {TypeError} when the method declares no error of that name
   */
  error<N extends keyof E & string>(name: N, details: E[N], message?: string): DeclaredError<N, E[N]>;
  /** A proxy for nested calls: they inherit deadline, trace and the chain of calls, and end with this one. */
  client<C extends Contract>(contract: C): Client<C>;
  /**
   * Makes what postpones this call: throw it, and the call runs again after that time as its next attempt, if
   * its deadline and its attempts allow.
   *
   * @param ms from 0 to one day
   */
  retryAfter(ms: number): Error;
}

/** One method's handler. What it throws answers the call; anything but an `RpcError` is a crash. */
export type Handler<In, Out, E = NoErrors> = (input: In, context: HandlerContext<E>) => Awaitable<Out>;

/** The handler type of a declared method; `S` are the errors of the whole contract. */
export type HandlerOf<M extends AnyMethod, S = unknown> = TypesOf<M> extends
  { parsed: infer P; result: infer R; errors: infer E } ? (input: P, context: HandlerContext<E & S>) => R
  : never;

/** One handler for each method of a contract: what a class that serves it implements. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C["methods"]]: HandlerOf<C["methods"][K], SharedErrors<C>>;
};

/** The errors of the whole contract. */
export type SharedErrors<C extends Contract> = C extends { readonly "~shared"?: infer S } ? NonNullable<S>
  : NoErrors;

/** A handler whose types have been erased: the runtime calls it with what the codec decoded. */
export type AnyHandler = (input: unknown, context: HandlerContext) => unknown;

/** What the factory of an actor's state is given. */
export interface CellContext {
  /** The actor's address: contract and method, or contract and key. */
  readonly name: string;
  /** The entity's key; absent for `actor()`. */
  readonly key?: string | undefined;
  /** Aborts when this state is to end: a stop, a crash, passivation, a queue that another instance takes over. */
  readonly signal: AbortSignal;
}

/** What `actor()` makes: a handler with private state, made afresh by every restart. */
export interface Actor<H> {
  /** Makes the handler together with its state. */
  readonly "~actor": (cell: CellContext) => Awaitable<H>;
}

/** What serves a service: for each method a function, or an actor. Also an instance of a class. */
export type ServiceHandlers<C extends Contract> = {
  readonly [K in keyof C["methods"]]:
    | HandlerOf<C["methods"][K], SharedErrors<C>>
    | Actor<HandlerOf<C["methods"][K], SharedErrors<C>>>;
};

/** What serves an entity: makes the actor of one key, with one handler per method. */
export type EntityFactory<C extends Contract> = (key: string, cell: CellContext) => Awaitable<Handlers<C>>;

/** What serves a contract. */
export type Implementation<C extends Contract> = C extends Entity ? EntityFactory<C> : ServiceHandlers<C>;
