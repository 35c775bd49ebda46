import type { Codec } from "../codec/codec.ts";
import type { Code } from "../errors/code.ts";
import type { CallOptions } from "./call_options.ts";
import type { AnySchema, Schema } from "./schema.ts";

/** A value now or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/** How one error of a contract is declared: by the schema of its details, or with a code of its own. */
export type ErrorSpec<D> = Schema<NoInfer<D>, D> | {
  /** Its details. The schema must not transform. */
  readonly details: Schema<NoInfer<D>, D>;
  /** The code that callers see. Default `failed_precondition`. */
  readonly code?: Code | undefined;
};

/** Errors by name, typed by their details. */
export type ErrorSpecs<E> = { readonly [N in keyof E]: ErrorSpec<E[N]> };

/** A declared error as the contract keeps it. */
export interface DeclaredErrorSpec {
  /** The schema of its details. */
  readonly details: AnySchema;
  /** The code that callers see. */
  readonly code: Code;
}

/** No declared error. The literal `{}` goes away in intersections, so that hovers stay short. */
// deno-lint-ignore ban-types -- any other empty type stays in intersections
export type NoErrors = {};

/** What stands in a method's types where no errors are declared. */
export type Declared<E> = [E] extends [never] ? NoErrors : E;

/** What a one-way method promises. In: what the caller passes; P: what the handler gets. */
export interface OnewayOptions<In = void, P = In> {
  /** Checks the input on both sides; the handler gets what it parsed. Default: unchecked. */
  readonly input?: Schema<In, P> | undefined;
  /** It changes nothing: may be run again at will. Implies `idempotent`. Default `false`. */
  readonly safe?: boolean | undefined;
  /** Running it twice does what running it once does: may be redelivered and retried. Default `false`. */
  readonly idempotent?: boolean | undefined;
  /** Calls of one key go to one queue and keep their order. Not empty. Default: no key. */
  readonly key?: ((input: P) => string) | undefined;
  /**
   * Deadline of its calls, in milliseconds, from 1 to one day. Default: the client's; a one-way call has none
   * unless the method or the call states one.
   */
  readonly timeoutMs?: number | undefined;
  /** A call with less time left than this expires instead of being started, in milliseconds. Default 0. */
  readonly minRemainingMs?: number | undefined;
  /** What a call does while no instance serves the contract. Default `fail`, for one-way calls `wait`. */
  readonly whenAbsent?: "fail" | "wait" | undefined;
}

/** What a method promises. In: what the caller passes; P: what the handler gets; R: what it returns; Out: the answer. */
export interface MethodOptions<In = void, Out = void, E = never, P = In, R = Out>
  extends OnewayOptions<In, P> {
  /** Checks the handler's output; the caller gets what it parsed. Default: unchecked. */
  readonly output?: Schema<R, Out> | undefined;
  /** Errors that the handler may answer with by `ctx.error()`. Default: none. */
  readonly errors?: ErrorsOption<E> | undefined;
}

/**
 * What a stream promises. In: what the caller passes; P: what the handler gets; R: what it yields; Item: what the
 * caller gets of that.
 */
export interface StreamOptions<In = void, Item = void, E = never, P = In, R = Item>
  extends OnewayOptions<In, P> {
  /** Checks each item; the caller gets what it parsed. Default: unchecked. */
  readonly item?: Schema<R, Item> | undefined;
  /** Errors that the handler may end the stream with by `ctx.error()`. Default: none. */
  readonly errors?: ErrorsOption<E> | undefined;
}

/** The errors of a method; where types are given for its input but not for them, what to write instead. */
export type ErrorsOption<E> = [E] extends [never]
  ? "write the errors' types as third type argument, or type<In>() and type<Out>() instead of type arguments"
  : ErrorSpecs<E>;

/** A method's promises with every default filled in. */
export interface MethodSettings {
  /** It changes nothing. */
  readonly safe: boolean;
  /** It may be run again. */
  readonly idempotent: boolean;
  /** Default deadline of its calls, in milliseconds, or `undefined` for the client's. */
  readonly timeoutMs: number | undefined;
  /** A call with less time left is not started. */
  readonly minRemainingMs: number;
  /** What a call does while no instance serves the contract. */
  readonly whenAbsent: "fail" | "wait";
  /** Checks the input. */
  readonly input: AnySchema | undefined;
  /** Checks the output; of a stream, each item. */
  readonly output: AnySchema | undefined;
  /** Declared errors by name, those of the whole contract included once it is defined. */
  readonly errors: Readonly<Record<string, DeclaredErrorSpec>>;
  /** The key of an input, or `undefined` for a method without keys. */
  readonly key: ((input: unknown) => string) | undefined;
}

/** Any method of any contract: the bound inside `defineService`. Carries no types of input and output. */
export interface AnyMethod {
  /** Whether it answers with one reply, not at all, or item by item. */
  readonly kind: "call" | "oneway" | "stream";
  /** What it promises. */
  readonly settings: MethodSettings;
}

/** What the compiler knows of a method: each type in the position that decides what may stand in for it. */
export interface MethodTypes<In, Out, E, P, R> {
  /** What a proxy has: takes In, answers Out. */
  readonly call: (...args: CallArgs<In>) => Promise<Out>;
  /** What the handler gets. */
  readonly parsed: P;
  /** What the handler returns. */
  readonly returns: (result: R) => void;
  /** What the handler may answer with, and the caller may get. */
  readonly errors: (errors: E) => E;
}

/** A request-reply method. Its types exist for the compiler only. */
export interface Method<In = void, Out = void, E = NoErrors, P = In, R = Out> extends AnyMethod {
  /** Answers with one reply. */
  readonly kind: "call";
  /** Types only; never there at run time. */
  readonly "~types"?: MethodTypes<In, Out, E, P, R>;
}

/** A method without a reply: its calls resolve when the broker has stored them. */
export interface Oneway<In = void, P = In> extends AnyMethod {
  /** Does not answer. */
  readonly kind: "oneway";
  /** Types only; never there at run time. */
  readonly "~types"?: MethodTypes<In, Receipt, NoErrors, P, void>;
}

/** What the compiler knows of a stream. */
export interface StreamTypes<In, Item, E, P, R> {
  /** What a proxy has: takes In, gives items. */
  readonly call: (...args: CallArgs<In>) => ItemStream<Item>;
  /** What the handler gets. */
  readonly parsed: P;
  /** What the handler returns. */
  readonly returns: (result: Items<R>) => void;
  /** What the handler may end it with, and the caller may get. */
  readonly errors: (errors: E) => E;
}

/** A method that answers item by item. Its types exist for the compiler only. */
export interface Stream<In = void, Item = void, E = NoErrors, P = In, R = Item> extends AnyMethod {
  /** Answers with items, in order, and an end. */
  readonly kind: "stream";
  /** Types only; never there at run time. */
  readonly "~types"?: StreamTypes<In, Item, E, P, R>;
}

/** What the handler of a stream returns: what a generator function makes, or anything else to iterate; no text. */
export type Items<R> = AsyncIterable<R> | (Iterable<R> & object);

/**
 * A stream as its caller has it: read it with `for await`, once. Its request is sent by the first `next()`. Items come in
 * the order in which the handler yielded them; an error comes after all items before it. Leaving the loop, `return()`,
 * disposal and the call's signal end it and stop the handler. Items that nobody has read yet are bounded: a slow reader
 * slows the handler. `next()` rejects with an `RpcError` only.
 */
export interface ItemStream<Item> extends AsyncIterableIterator<Item, undefined, undefined>, AsyncDisposable {
  /** The next item, or the end. */
  next(): Promise<IteratorResult<Item, undefined>>;
  /** Ends the stream and stops its handler; what was not read is dropped. Idempotent, never rejects. */
  return(): Promise<IteratorResult<Item, undefined>>;
  /** The stream itself. */
  [Symbol.asyncIterator](): ItemStream<Item>;
}

/** What a one-way call resolves to: where the broker has stored it. */
export interface Receipt {
  /** The call's id: the key of its message. */
  readonly callId: string;
  /** The broker's id of the message, shared by calls that travelled together. */
  readonly messageId: string;
  /** The broker's name. */
  readonly broker: string;
  /** The queue's number at that broker. */
  readonly queueId: number;
  /** The message's place in the queue, where the transport tells. */
  readonly offset: number | undefined;
}

/** A contract's methods by name, in declaration order: the order chooses their slots, so only append. */
export type Methods = Readonly<Record<string, AnyMethod>>;

/** The arguments of a call: the input may be left out where it may be `undefined`. */
export type CallArgs<In> = undefined extends In ? [input?: In, options?: CallOptions]
  : [input: In, options?: CallOptions];

/** One method as a proxy has it. */
export type CallOf<M> = M extends { readonly "~types"?: { readonly call: infer F } } ? F : never;

/** The proxy of methods: one function for each. */
export type Calls<M> = { readonly [K in keyof M]: CallOf<M[K]> };

/** The errors that any method of a contract declares, by name. */
export type ErrorsOf<M> = {
  // All of a union of functions in the position of an argument is the intersection of what they take.
  [K in keyof M]: M[K] extends { readonly "~types"?: { readonly errors: infer F } } ? F : never;
}[keyof M] extends (all: infer E) => unknown ? E : NoErrors;

/** What `defineService` and `defineEntity` may be told about the whole contract. */
export interface ContractOptions<E = never> {
  /** How bodies are encoded; both ends need the same. Default: JSON. */
  readonly codec?: Codec | undefined;
  /** Errors that every method may answer with. */
  readonly errors?: ErrorSpecs<E> | undefined;
  /** Whether calls of one queue travel together. Default `true`. */
  readonly packing?: boolean | undefined;
  /** What a pack can be looked up by on the broker: every call's id, or only its own. Default `calls`. */
  readonly indexCalls?: "calls" | "pack" | undefined;
}

/** What `defineService` may be told about the whole contract. */
export interface ServiceOptions<E = never> extends ContractOptions<E> {
  /** Into how many slots its queues are divided, 1 to 16; fixed for the contract's life. Default 4. */
  readonly slots?: number | undefined;
  /** Served by a plain RocketMQ responder: no presence, no packing, a plain request. Default `false`. */
  readonly foreign?: boolean | undefined;
}

/** What every contract has. */
export interface ContractBase<M extends Record<keyof M, AnyMethod>, E> {
  /** The identity, such as `bank.Payments`. */
  readonly name: string;
  /** Its methods by name. */
  readonly methods: Readonly<M>;
  /** Into how many slots its queues are divided. */
  readonly slots: number;
  /** How bodies are encoded. */
  readonly codec: Codec;
  /** Whether calls of one queue travel together. */
  readonly packing: boolean;
  /** What a pack can be looked up by. */
  readonly indexCalls: "calls" | "pack";
  /** Whether a plain RocketMQ responder serves it. */
  readonly foreign: boolean;
  /** Types only; never there at run time. */
  readonly "~errors"?: ErrorsOf<M> & E;
  /** Types only: the errors of the whole contract. */
  readonly "~shared"?: E;
}

/**
 * The frozen value that lists a service's methods and promises. Its actors are its methods.
 *
 * M: its methods by name; an `interface` will do. E: the errors that all of them may answer with.
 */
export interface Service<M extends Record<keyof M, AnyMethod> = Methods, E = unknown>
  extends ContractBase<M, E> {
  /** Its actors are its methods. */
  readonly kind: "service";
}

/**
 * The frozen value that lists an entity's methods and promises. Its actors are its keys.
 *
 * M: its methods by name; an `interface` will do. E: the errors that all of them may answer with.
 */
export interface Entity<M extends Record<keyof M, AnyMethod> = Methods, E = unknown>
  extends ContractBase<M, E> {
  /** Its actors are its keys. */
  readonly kind: "entity";
}

/** Any contract. */
export type Contract = Service | Entity;

/** The proxies of an entity: one per key. P: the proxy of one key. */
export interface EntityClient<P> {
  /**
   * The proxy of one key.
   *
   * @throws {TypeError} on an empty key or one of more than 255 bytes of UTF-8
   */
  at(key: string): P;
}

/** The proxy type of a contract, written out so that a hover lists the methods. */
export type Client<C extends Contract> = C extends { readonly kind: "entity" }
  ? EntityClient<{ readonly [K in keyof C["methods"]]: CallOf<C["methods"][K]> }>
  : { readonly [K in keyof C["methods"]]: CallOf<C["methods"][K]> };
