/** One thing that a schema found wrong. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where in the value: keys, or objects that hold one. */
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** What a schema made of a value. */
export type SchemaResult<Out> =
  | { readonly value: Out; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema of any library that follows Standard Schema v1 (zod, valibot, arktype and others): checks a value and
 * gives back what it parsed. A structural copy of the published interface, so that no package is needed.
 *
 * @see https://standardschema.dev
 */
export interface Schema<In = unknown, Out = In> {
  /** What the standard prescribes. */
  readonly "~standard": {
    /** Types only. First, so that the compiler names it where a schema does not fit. */
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
    /** Of the standard. */
    readonly version: 1;
    /** The library, for messages. */
    readonly vendor: string;
    /** Checks one value, at once or later. */
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
  };
}

/** Any schema; what it parses is not known. */
export type AnySchema = Schema<unknown, unknown>;

/** Whether a value is a schema. Arktype's are functions, so that its type says nothing. */
export function isSchema(value: unknown): value is AnySchema {
  const holder = typeof value === "object" || typeof value === "function" ? value : null;
  if (holder === null || !("~standard" in holder)) return false;
  const standard = holder["~standard"];
  return typeof standard === "object" && standard !== null && "version" in standard &&
    standard.version === 1 &&
    "validate" in standard && typeof standard.validate === "function";
}

/**
 * Makes a schema slot out of a type alone: nothing is checked at run time.
 *
 * ```ts
 * import { defineService, method, type } from "rocket-actors";
 *
 * const Quotes = defineService("bank.Quotes", {
 *   fee: method({ input: type<{ cents: number }>(), output: type<{ fee: number }>() }),
 * });
 * ```
 */
export function type<T>(): Schema<T, T> {
  return UNCHECKED as Schema<T, T>;
}

/** Says yes to everything, so that it may stand for any type. */
const UNCHECKED: AnySchema = Object.freeze({
  "~standard": Object.freeze({
    version: 1 as const,
    vendor: "rocket-actors",
    validate: (value: unknown) => ({ value }),
  }),
});

/** Whether a schema lets everything through: made by {@linkcode type}, or none at all. */
export function isUnchecked(schema: AnySchema | undefined): boolean {
  return schema === undefined || schema === UNCHECKED;
}
