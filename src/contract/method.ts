import type { Code } from "../errors/code.ts";
import { isCode } from "../errors/code.ts";
import { MAX_TIMEOUT_MS } from "./defaults.ts";
import { type AnySchema, isSchema } from "./schema.ts";
import type {
  Declared,
  DeclaredErrorSpec,
  Method,
  MethodOptions,
  MethodSettings,
  Oneway,
  OnewayOptions,
} from "./types.ts";

/** Names that JavaScript itself asks objects for: neither a proxy nor details may answer them. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(["then", "constructor", "__proto__", "toJSON"]);

const ERROR_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const OPTIONS: ReadonlySet<string> = new Set([
  "input",
  "output",
  "errors",
  "safe",
  "idempotent",
  "key",
  "timeoutMs",
  "minRemainingMs",
  "whenAbsent",
]);

/** Declares methods: called for a request-reply method, {@linkcode MethodDeclarer.oneway} for one without reply. */
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
 *   ping: method(),
 * });
 * ```
 */
export const method: MethodDeclarer = Object.freeze(Object.assign(declareCall, { oneway: declareOneway }));

function declareCall<In = void, Out = void, E = never, P = In, R = Out>(
  options: MethodOptions<In, Out, E, P, R> = {},
): Method<In, Out, Declared<E>, P, R> {
  return Object.freeze({ kind: "call", settings: settingsOf(options, "fail") });
}

function declareOneway<In = void, P = In>(options: OnewayOptions<In, P> = {}): Oneway<In, P> {
  for (const option of ["output", "errors"]) {
    if (Object.hasOwn(options, option)) {
      throw new TypeError(`Cannot declare a one-way method with '${option}': nobody gets its answer`);
    }
  }
  return Object.freeze({ kind: "oneway", settings: settingsOf(options, "wait") });
}

function settingsOf<In, Out, E, P, R>(
  options: MethodOptions<In, Out, E, P, R>,
  whenAbsent: "fail" | "wait",
): MethodSettings {
  if (typeof options !== "object" || options === null) {
    throw new TypeError("Cannot declare a method: write its options as an object");
  }
  for (const name of Object.keys(options)) {
    if (!OPTIONS.has(name)) {
      throw new TypeError(
        `Cannot declare a method: '${name}' is no option; write one of ${[...OPTIONS].join(", ")}`,
      );
    }
  }
  const safe = flag("safe", options.safe);
  const idempotent = flag("idempotent", options.idempotent);
  if (safe && options.idempotent === false) {
    throw new TypeError("Cannot declare a method 'safe' and not 'idempotent': leave 'idempotent' out");
  }
  const key: unknown = options.key;
  if (key !== undefined && typeof key !== "function") {
    throw new TypeError("Cannot read 'key': write a function from the input to its key");
  }
  return Object.freeze({
    safe,
    idempotent: safe || idempotent,
    timeoutMs: options.timeoutMs === undefined ? undefined : timeout(options.timeoutMs),
    minRemainingMs: options.minRemainingMs === undefined
      ? 0
      : timeout(options.minRemainingMs, "minRemainingMs"),
    whenAbsent: absence(options.whenAbsent, whenAbsent),
    input: schema("input", options.input),
    output: schema("output", options.output),
    errors: declaredErrors(options.errors),
    key: key === undefined ? undefined : (input: unknown): string => key(input),
  });
}

/**
 * Reads the errors that a method or a contract declares.
 *
 * @throws {TypeError} on an illegal name, something that is no schema, or an unknown code
 */
export function declaredErrors(specs: unknown): Readonly<Record<string, DeclaredErrorSpec>> {
  if (specs === undefined) return NO_ERRORS;
  if (typeof specs !== "object" || specs === null) {
    throw new TypeError("Cannot read 'errors': write an object of schemas by error name");
  }
  const errors: Record<string, DeclaredErrorSpec> = {};
  for (const [name, spec] of Object.entries(specs)) {
    if (!ERROR_NAME.test(name) || FORBIDDEN_NAMES.has(name)) {
      throw new TypeError(
        `Cannot declare the error "${name}": write letters, digits and "_", at most 64 characters`,
      );
    }
    errors[name] = declaredError(name, spec);
  }
  return Object.freeze(errors);
}

const NO_ERRORS: Readonly<Record<string, DeclaredErrorSpec>> = Object.freeze({});
const ERROR_CODE: Code = "failed_precondition";

function declaredError(name: string, spec: unknown): DeclaredErrorSpec {
  if (isSchema(spec)) return Object.freeze({ details: spec, code: ERROR_CODE });
  const given = typeof spec === "object" && spec !== null ? spec : {};
  const details = "details" in given ? given.details : undefined;
  const code = "code" in given && given.code !== undefined ? given.code : ERROR_CODE;
  if (!isSchema(details)) {
    throw new TypeError(
      `Cannot declare the error "${name}": write a schema of its details, or { details: schema, code }`,
    );
  }
  if (!isCode(code)) {
    throw new TypeError(`Cannot declare the error "${name}": "${String(code)}" is no code of an error`);
  }
  return Object.freeze({ details, code });
}

function schema(name: string, value: unknown): AnySchema | undefined {
  if (value === undefined || isSchema(value)) return value;
  throw new TypeError(
    `Cannot read '${name}': write a schema (zod, valibot, arktype, or any that follows Standard Schema) or type<T>()`,
  );
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw new TypeError(`Cannot read '${name}': write true or false`);
  return value;
}

function absence(value: unknown, fallback: "fail" | "wait"): "fail" | "wait" {
  if (value === undefined) return fallback;
  if (value !== "fail" && value !== "wait") {
    throw new TypeError(
      `Cannot read 'whenAbsent': write "fail" or "wait": current value is ${String(value)}`,
    );
  }
  return value;
}

/**
 * Checks a timeout that a user wrote.
 *
 * @throws {RangeError} unless it is a number from 1 to one day, in milliseconds
 */
export function timeout(value: unknown, name = "timeoutMs"): number {
  if (typeof value !== "number" || !(value >= 1 && value <= MAX_TIMEOUT_MS)) {
    throw new RangeError(
      `Cannot use '${name}': it must be from 1 to ${MAX_TIMEOUT_MS} ms: current value is ${String(value)}`,
    );
  }
  return value;
}
