import { ISSUE_TEXT_LENGTH, ISSUES_KEPT, ISSUES_TOLD, MAX_SCHEMA_TEXT } from "./defaults.ts";
import { type AnySchema, isUnchecked, type SchemaIssue } from "./schema.ts";

/**
 * What a schema found wrong with a value. The text names the places, `input.cents: expected number`, and is of
 * bounded length; the issues are there for whoever shows them in another form.
 */
export class SchemaError extends Error {
  /** Always `SchemaError`. */
  override readonly name = "SchemaError";
  /** What was found, in the schema's order: at most the first twenty. */
  readonly issues: readonly SchemaIssue[];

  /**
   * Makes the error of one value.
   *
   * @param what what the value is, such as `input`: paths start with it
   * @param issues what the schema found
   */
  constructor(what: string, issues: readonly SchemaIssue[]) {
    super(describe(what, issues));
    this.issues = issues.slice(0, ISSUES_KEPT);
  }
}

/**
 * Checks a value with a schema, and gives back what the schema parsed. Answers at once where the schema does; a
 * promise comes back only from an asynchronous one, and it is for the caller to stop waiting for it.
 *
 * @param schema the schema; without one, or with one made by `type()`, the value comes back as it is
 * @param value the value
 * @param what what the value is, such as `input`, for the text of errors
 * @throws {SchemaError} when the schema refuses the value; an asynchronous schema's promise rejects with it
 * @throws {TypeError} when the schema itself fails: it throws, rejects, or answers what no schema may answer
 */
export function validate(schema: AnySchema | undefined, value: unknown, what: string): unknown {
  if (schema === undefined || isUnchecked(schema)) return value;
  let result: unknown;
  try {
    result = schema["~standard"].validate(value);
  } catch (error) {
    throw broken(schema, what, "threw", error);
  }
  if (!isThenable(result)) return parsed(schema, result, what);
  return Promise.resolve(result).then(
    (settled: unknown) => parsed(schema, settled, what),
    (error: unknown) => {
      throw broken(schema, what, "rejected", error);
    },
  );
}

function parsed(schema: AnySchema, result: unknown, what: string): unknown {
  if (typeof result !== "object" || result === null) {
    throw broken(schema, what, `answered ${result === null ? "null" : typeof result}`);
  }
  const issues = "issues" in result ? result.issues : undefined;
  if (issues === undefined) {
    if ("value" in result) return result.value;
    throw broken(schema, what, "answered neither a value nor issues");
  }
  if (!Array.isArray(issues)) throw broken(schema, what, "answered issues that are no array");
  throw new SchemaError(what, issues);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function broken(schema: AnySchema, what: string, how: string, cause?: unknown): TypeError {
  const vendor = cut(String(schema["~standard"].vendor), ISSUE_TEXT_LENGTH);
  const text = `Cannot check ${what}: its schema (${vendor}) ${how}`;
  if (cause === undefined) return new TypeError(text);
  return new TypeError(`${text}: ${cut(textOf(cause), ISSUE_TEXT_LENGTH)}`, { cause });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === "string" ? error : typeof error;
}

/** The first issues, one after the other; of the others only the number. */
function describe(what: string, issues: readonly unknown[]): string {
  if (issues.length === 0) return `${what}: refused without a reason`;
  const told = issues.slice(0, ISSUES_TOLD).map((issue) => describeIssue(what, issue)).join("; ");
  const rest = issues.length - ISSUES_TOLD;
  const more = rest > 0 ? `; and ${rest} more` : "";
  return cut(told, MAX_SCHEMA_TEXT - more.length) + more;
}

/** Schemas of other libraries made these: nothing about their form is taken for granted. */
function describeIssue(what: string, issue: unknown): string {
  const given = typeof issue === "object" && issue !== null ? issue : {};
  const path = "path" in given && Array.isArray(given.path) ? given.path : [];
  const message = "message" in given && typeof given.message === "string" ? given.message : "refused";
  return `${placeOf(what, path)}: ${cut(message, ISSUE_TEXT_LENGTH)}`;
}

function placeOf(what: string, path: readonly unknown[]): string {
  let place = what;
  for (const segment of path) {
    place += keyText(
      typeof segment === "object" && segment !== null && "key" in segment ? segment.key : segment,
    );
    if (place.length > ISSUE_TEXT_LENGTH) return cut(place, ISSUE_TEXT_LENGTH);
  }
  return place;
}

const PLAIN_KEY = /^[A-Za-z_$][\w$]*$/;

function keyText(key: unknown): string {
  if (typeof key === "string") return PLAIN_KEY.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  return typeof key === "number" || typeof key === "symbol" ? `[${String(key)}]` : "[?]";
}

function cut(text: string, length: number): string {
  return text.length <= length ? text.toWellFormed() : `${text.slice(0, length - 1).toWellFormed()}…`;
}
