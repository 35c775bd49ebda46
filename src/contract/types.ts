import type { CallOptions } from "./call_options.ts";

/** What a method promises, as its contract states it. */
export interface MethodOptions {
  /** It changes nothing: may be run again at will. Implies `idempotent`. Default `false`. */
  readonly safe?: boolean;
  /** Running it twice does what running it once does: may be redelivered and retried. Default `false`. */
  readonly idempotent?: boolean;
  /** Default deadline of its calls, in milliseconds. Default: the client's. */
  readonly timeoutMs?: number;
  /** What a call does while no instance serves the contract. Default `fail`, within about a second. */
  readonly whenAbsent?: "fail" | "wait";
}

/** A method's promises with every default filled in. */
export interface MethodSettings {
  /** It changes nothing. */
  readonly safe: boolean;
  /** It may be run again. */
  readonly idempotent: boolean;
  /** Default deadline of its calls, in milliseconds, or `undefined` for the client's. */
  readonly timeoutMs: number | undefined;
  /** What a call does while no instance serves the contract. */
  readonly whenAbsent: "fail" | "wait";
}

/** Any method of any contract: the bound inside `defineService`. Carries no types of input and output. */
export interface AnyMethod {
  /** Answers with one reply. */
  readonly kind: "call";
  /** What it promises. */
  readonly settings: MethodSettings;
}

/** A request-reply method. Input and output exist in types only; JSON carries them. */
export interface Method<In = void, Out = void> extends AnyMethod {
  /** Types only; never there at run time. */
  readonly "~types"?: {
    readonly input: In;
    readonly output: Out;
  };
}

/** A contract's methods by name, in declaration order: the order chooses their slots, so only append. */
export type Methods = Readonly<Record<string, AnyMethod>>;

/** The arguments of a call: the input may be left out where it may be `undefined`. */
export type CallArgs<In> = undefined extends In ? [input?: In, options?: CallOptions]
  : [In] extends [void] ? [input?: In, options?: CallOptions]
  : [input: In, options?: CallOptions];

/** A proxy: one function per method of the contract. */
export type Calls<M> = {
  readonly [K in keyof M]: M[K] extends Method<infer In, infer Out> ? (...args: CallArgs<In>) => Promise<Out>
    : never;
};

/** What `defineService` may be told about the whole contract. */
export interface ServiceOptions {
  /** Into how many slots its queues are divided, 1 to 16; fixed for the contract's life. Default 4. */
  readonly slots?: number;
  /** Whether calls of one queue travel together. Default `true`. */
  readonly packing?: boolean;
  /** Served by a plain RocketMQ responder: no presence, no packing, a plain request. Default `false`. */
  readonly foreign?: boolean;
}

/** The frozen value that lists a service's methods and promises. */
export interface Service<M extends Methods = Methods> {
  /** Its actors are its methods. */
  readonly kind: "service";
  /** The identity, such as `bank.Payments`. */
  readonly name: string;
  /** Its methods by name. */
  readonly methods: M;
  /** Into how many slots its queues are divided. */
  readonly slots: number;
  /** Whether calls of one queue travel together. */
  readonly packing: boolean;
  /** Whether a plain RocketMQ responder serves it. */
  readonly foreign: boolean;
}

/** Any contract. */
export type Contract = Service;

/** The proxy type of a contract. */
export type Client<C extends Contract> = Calls<C["methods"]>;
