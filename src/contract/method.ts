import { MAX_TIMEOUT_MS } from "./defaults.ts";
import { declaredErrors, NO_ERRORS } from "./declared_errors.ts";
import { checkOptions, flagOption, shown } from "./option.ts";
import { type AnySchema, isSchema } from "./schema.ts";
import type {
  Declared,
  Method,
  MethodOptions,
  MethodSettings,
  Oneway,
  OnewayOptions,
  Stream,
  StreamOptions,
} from "./types.ts";

const ONEWAY_OPTIONS = ["input", "safe", "idempotent", "key", "timeoutMs", "minRemainingMs", "whenAbsent"];
const METHOD_OPTIONS = ["output", "errors", ...ONEWAY_OPTIONS];
const STREAM_OPTIONS = ["item", "errors", ...ONEWAY_OPTIONS];

/**
 * Declares methods: called for a request-reply method, {@linkcode MethodDeclarer.oneway} for one without reply,
 * {@linkcode MethodDeclarer.stream} for one that answers item by item.
 */
export interface MethodDeclarer {
  /**
   * Declares a request-reply method, by types alone or by schemas.
   *
   * @param options what the method promises
   * @returns a frozen declaration for `defineService` or `defineEntity`
   * @throws {TypeError} on unknown options, on options that contradict each other or are of the wrong type
   * @throws {RangeError} on times outside 1 ms to one day
   */
  <In = void, Out = void, E = never, P = In, R = Out>(
    options?: MethodOptions<In, Out, E, P, R>,
  ): Method<In, Out, Declared<E>, P, R>;
  /**
   * Declares a method without a reply: a call resolves when the broker has stored it. It has no deadline unless
   * it states one, and waits for an instance that serves it unless `whenAbsent` says otherwise.
   *
   * @param options what the method promises
   * @returns a frozen declaration for `defineService` or `defineEntity`
   * @throws {TypeError} on unknown options, on options that contradict each other or are of the wrong type
   * @throws {RangeError} on times outside 1 ms to one day
   */
  oneway<In = void, P = In>(options?: OnewayOptions<In, P>): Oneway<In, P>;
  /**
   * Declares a method that answers item by item: its handler is a generator function, or returns anything that can be
   * iterated, and its calls are read with `for await`. Its deadline is that of the whole stream.
   *
   * @param options what the stream promises
   * @returns a frozen declaration for `defineService` or `defineEntity`
   * @throws {TypeError} on unknown options, on options that contradict each other or are of the wrong type
   * @throws {RangeError} on times outside 1 ms to one day
   */
  stream<In = void, Item = void, E = never, P = In, R = Item>(
    options?: StreamOptions<In, Item, E, P, R>,
  ): Stream<In, Item, Declared<E>, P, R>;
}

/**
 * Declares a method of a contract.
 *
 * ```ts
 * import { defineService, method } from "rocket-actors";
 *
 * const Quotes = defineService("bank.Quotes", {
 *   fee: method<{ cents: number }, { fee: number }>({ safe: true }),
 *   seen: method.oneway<{ customer: string }>({ idempotent: true }),
 *   history: method.stream<{ customer: string }, { fee: number }>(),
 *   ping: method(),
 * });
 * ```
 */
export const method: MethodDeclarer = Object.freeze(
  Object.assign(declareCall, { oneway: declareOneway, stream: declareStream }),
);

function declareCall<In = void, Out = void, E = never, P = In, R = Out>(
  options: MethodOptions<In, Out, E, P, R> = {},
): Method<In, Out, Declared<E>, P, R> {
  const doing = "declare a method";
  checkOptions(doing, options, METHOD_OPTIONS);
  return Object.freeze({ kind: "call", settings: answering(doing, options, "output", options.output) });
}

function declareStream<In = void, Item = void, E = never, P = In, R = Item>(
  options: StreamOptions<In, Item, E, P, R> = {},
): Stream<In, Item, Declared<E>, P, R> {
  const doing = "declare a stream";
  checkOptions(doing, options, STREAM_OPTIONS);
  return Object.freeze({ kind: "stream", settings: answering(doing, options, "item", options.item) });
}

function declareOneway<In = void, P = In>(options: OnewayOptions<In, P> = {}): Oneway<In, P> {
  const doing = "declare a one-way method";
  for (const option of ["output", "errors"]) {
    if (typeof options === "object" && options !== null && Object.hasOwn(options, option)) {
      throw new TypeError(`Cannot ${doing}: leave '${option}' out: nobody gets its answer`);
    }
  }
  checkOptions(doing, options, ONEWAY_OPTIONS);
  return Object.freeze({ kind: "oneway", settings: Object.freeze(settingsOf(doing, options, "wait")) });
}

/** What those that answer may be told; `name` is what the schema of their answers goes by. */
function answering<In, P>(
  doing: string,
  options: OnewayOptions<In, P> & { readonly errors?: unknown },
  name: "output" | "item",
  schema: unknown,
): MethodSettings {
  return Object.freeze({
    ...settingsOf(doing, options, "fail"),
    output: schemaOption(doing, name, schema),
    errors: declaredErrors(doing, options.errors),
  });
}

/** What all kinds of methods may be told, with every default filled in. */
function settingsOf<In, P>(
  doing: string,
  options: OnewayOptions<In, P>,
  whenAbsent: "fail" | "wait",
): MethodSettings {
  const safe = flagOption(doing, "safe", options.safe, false);
  const idempotent = flagOption(doing, "idempotent", options.idempotent, false);
  if (safe && options.idempotent === false) {
    throw new TypeError(`Cannot ${doing}: leave 'idempotent' out, or write true: 'safe' implies it`);
  }
  const timeoutMs = options.timeoutMs === undefined
    ? undefined
    : milliseconds(`Cannot ${doing}: 'timeoutMs'`, options.timeoutMs, 1);
  return {
    safe,
    idempotent: safe || idempotent,
    timeoutMs,
    minRemainingMs: remaining(doing, options.minRemainingMs, timeoutMs),
    whenAbsent: absence(doing, options.whenAbsent, whenAbsent),
    input: schemaOption(doing, "input", options.input),
    output: undefined,
    errors: NO_ERRORS,
    key: keyOf(doing, options.key),
  };
}

function schemaOption(doing: string, name: string, value: unknown): AnySchema | undefined {
  if (value === undefined || isSchema(value)) return value;
  throw new TypeError(
    `Cannot ${doing}: '${name}' must be a schema (zod, valibot, arktype, or any that follows Standard Schema 1) or type<T>()`,
  );
}

function keyOf(doing: string, key: unknown): MethodSettings["key"] {
  if (key === undefined) return undefined;
  if (typeof key !== "function") {
    throw new TypeError(`Cannot ${doing}: 'key' must be a function from the input to its key`);
  }
  return (input: unknown): string => key(input);
}

function absence(doing: string, value: unknown, fallback: "fail" | "wait"): "fail" | "wait" {
  if (value === undefined) return fallback;
  if (value !== "fail" && value !== "wait") {
    throw new TypeError(
      `Cannot ${doing}: 'whenAbsent' must be "fail" or "wait": current value is ${shown(value)}`,
    );
  }
  return value;
}

function remaining(doing: string, value: unknown, timeoutMs: number | undefined): number {
  if (value === undefined) return 0;
  const what = `Cannot ${doing}: 'minRemainingMs'`;
  const ms = milliseconds(what, value, 0);
  if (timeoutMs !== undefined && ms >= timeoutMs) {
    throw new RangeError(
      `${what} must be below 'timeoutMs' (${timeoutMs}), or no call would ever start: current value is ${ms}`,
    );
  }
  return ms;
}

/**
 * Checks a timeout that a user wrote.
 *
 * @throws {RangeError} unless it is a number from 1 to one day, in milliseconds
 */
export function timeout(value: unknown, name = "timeoutMs"): number {
  return milliseconds(`Cannot use '${name}': it`, value, 1);
}

function milliseconds(what: string, value: unknown, least: number): number {
  if (typeof value !== "number" || !(value >= least && value <= MAX_TIMEOUT_MS)) {
    throw new RangeError(
      `${what} must be from ${least} to ${MAX_TIMEOUT_MS} ms: current value is ${shown(value)}`,
    );
  }
  return value;
}
