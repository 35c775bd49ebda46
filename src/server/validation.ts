import type { AnySchema, SchemaIssue } from "../contract/schema.ts";

/** Issues that one message names; the rest are counted. */
const MAX_ISSUES = 5;

/**
 * Checks a value and gives back what the schema parsed: at once, or as a promise where the schema takes its time.
 *
 * @param schema any that follows Standard Schema
 * @param value what to check
 * @param what the value's name for people, such as `the input of "bank.Payments/transfer"`
 * @throws {TypeError} naming the paths, when the schema refuses the value, throws, or answers with no result; the
 * promise rejects with the same
 */
export function validate(schema: AnySchema, value: unknown, what: string): unknown | Promise<unknown> {
  let result: unknown;
  try {
    result = schema["~standard"].validate(value);
  } catch (error) {
    throw failed(what, error);
  }
  if (!isPromiseLike(result)) return parsed(result, what);
  return Promise.resolve(result).then(
    (later) => parsed(later, what),
    (error) => {
      throw failed(what, error);
    },
  );
}

function parsed(result: unknown, what: string): unknown {
  if (typeof result !== "object" || result === null) {
    throw new TypeError(`Cannot check ${what}: its schema answered with ${String(result)}`);
  }
  const issues = "issues" in result ? result.issues : undefined;
  if (issues === undefined) return "value" in result ? result.value : undefined;
  // The standard says so; what is no list of issues is none that can be named.
  const named = Array.isArray(issues) ? issues.slice(0, MAX_ISSUES).map(issueText) : [];
  const more = Array.isArray(issues) ? issues.length - named.length : 0;
  const texts = named.length === 0 ? ["its schema refused it"] : named;
  throw new TypeError(`Cannot accept ${what}: ${texts.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
}

function issueText(issue: Partial<SchemaIssue> | null | undefined): string {
  const path = pathText(issue?.path);
  const message = String(issue?.message ?? "not valid");
  return path === "" ? message : `${path}: ${message}`;
}

/** A path as people write it: `items[0].name`. */
function pathText(path: unknown): string {
  if (!Array.isArray(path)) return "";
  let text = "";
  for (const segment of path) {
    const key: unknown = typeof segment === "object" && segment !== null && "key" in segment
      ? segment.key
      : segment;
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text;
}

function failed(what: string, error: unknown): TypeError {
  const reason = error instanceof Error ? error.message : String(error);
  return new TypeError(`Cannot check ${what}: its schema failed: ${reason}`, { cause: error });
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
