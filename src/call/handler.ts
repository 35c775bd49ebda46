import type { Awaitable, Client, Contract, NoErrors } from "../contract/types.ts";
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
  error<N extends keyof E & string>(name: N, ...rest: ErrorArgs<E[N]>): DeclaredError<N, E[N]>;
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

/** What stands behind an error's name: its details may be left out where they may be `undefined`. */
export type ErrorArgs<D> = undefined extends D ? [details?: D, message?: string]
  : [details: D, message?: string];

/** One method's handler. What it throws answers the call; anything but an `RpcError` is a crash. */
export type Handler<In, Out, E = NoErrors> = (input: In, context: HandlerContext<E>) => Awaitable<Out>;

/** The handler type of a declared method; `S` are the errors of the whole contract. */
export type HandlerOf<M, S = unknown> = M extends {
  readonly "~types"?: {
    readonly parsed: infer P;
    readonly returns: (result: infer R) => void;
    readonly errors: (errors: infer E) => unknown;
  };
} ? (input: P, context: HandlerContext<E & S>) => Awaitable<R>
  : never;

/** One handler for each method of a contract: what a class that serves it implements. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C["methods"]]: HandlerOf<C["methods"][K], SharedErrors<C>>;
};

/** The errors of the whole contract. */
export type SharedErrors<C extends Contract> = C extends { readonly "~shared"?: infer S } ? S : unknown;

/** What the handler of a method gets: for the methods of a class, whose parameters are not inferred. */
export type HandlerInput<C extends Contract, N extends keyof C["methods"]> = C["methods"][N] extends
  { readonly "~types"?: { readonly parsed: infer P } } ? P : never;

/** The context of a method's handler: for the methods of a class, whose parameters are not inferred. */
export type MethodContext<C extends Contract, N extends keyof C["methods"]> = C["methods"][N] extends
  { readonly "~types"?: { readonly errors: (errors: infer E) => unknown } }
  ? HandlerContext<E & SharedErrors<C>>
  : never;

/** What a factory of actors is told about the cell in which its actor will live. */
export interface CellContext {
  /** The entity's key; a method's actor has none. */
  readonly key?: string | undefined;
  /** The contract's name and the method, or the contract's name and the key. */
  readonly name: string;
  /** Aborts when this actor stops: at a restart, at passivation, or with its system. */
  readonly signal: AbortSignal;
}

/** What `actor()` makes of a factory: the runtime calls it for the first call, and again after each restart. */
export interface Actor<H> {
  /** Makes the handler, with state of its own. */
  readonly "~actor": (cell: CellContext) => Awaitable<H>;
}

/** What serves a service: for each method a function, or an actor with private state. */
export type ServiceHandlers<C extends Contract> = {
  readonly [K in keyof C["methods"]]:
    | HandlerOf<C["methods"][K], SharedErrors<C>>
    | Actor<HandlerOf<C["methods"][K], SharedErrors<C>>>;
};

/** What serves an entity: makes the actor of one key. All methods of that key share its state. */
export type EntityFactory<C extends Contract> = (
  key: string,
  cell: CellContext,
) => Awaitable<Handlers<C> & Partial<AsyncDisposable>>;

/** What `serve()` takes for a contract. */
export type Implementation<C extends Contract> =
  | (ServiceHandlers<C> & (C extends { readonly kind: "entity" } ? never : unknown))
  | (C extends { readonly kind: "entity" } ? EntityFactory<C> : never);

/** A handler whose types have been erased: the runtime calls it with what the codec decoded. */
export type AnyHandler = (input: unknown, context: HandlerContext) => unknown;
