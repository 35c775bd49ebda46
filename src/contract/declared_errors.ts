import { isCode } from "../errors/code.ts";
import { DECLARED_ERROR_CODE } from "./defaults.ts";
import { checkErrorName } from "./names.ts";
import { checkOptions, shown } from "./option.ts";
import { isSchema } from "./schema.ts";
import type { DeclaredErrorSpec } from "./types.ts";

/** Declared errors by name, as a contract keeps them. */
export type DeclaredErrors = Readonly<Record<string, DeclaredErrorSpec>>;

/** What a method that declares no error has. */
export const NO_ERRORS: DeclaredErrors = Object.freeze({});

/**
 * Reads the errors that a method or a contract declares.
 *
 * @param doing what is being done, such as `declare a method`, for the text of errors
 * @throws {TypeError} on an illegal name, something that is no schema, or an unknown code
 */
export function declaredErrors(doing: string, specs: unknown): DeclaredErrors {
  if (specs === undefined) return NO_ERRORS;
  if (typeof specs !== "object" || specs === null || Array.isArray(specs)) {
    throw new TypeError(`Cannot ${doing}: 'errors' must be an object of schemas by error name`);
  }
  const errors: Record<string, DeclaredErrorSpec> = {};
  for (const [name, spec] of Object.entries(specs)) {
    checkErrorName(name);
    errors[name] = declaredError(name, spec);
  }
  return Object.freeze(errors);
}

function declaredError(name: string, spec: unknown): DeclaredErrorSpec {
  if (isSchema(spec)) return Object.freeze({ details: spec, code: DECLARED_ERROR_CODE });
  if (typeof spec !== "object" || spec === null || !("details" in spec) || !isSchema(spec.details)) {
    throw new TypeError(
      `Cannot declare the error "${name}": write a schema of its details, or { details: schema, code: "not_found" }`,
    );
  }
  checkOptions(`declare the error "${name}"`, spec, ["details", "code"]);
  const code = "code" in spec && spec.code !== undefined ? spec.code : DECLARED_ERROR_CODE;
  if (!isCode(code)) {
    throw new TypeError(
      `Cannot declare the error "${name}": its code must be one of CODES, such as "not_found": current value is ${
        shown(code)
      }`,
    );
  }
  return Object.freeze({ details: spec.details, code });
}

/**
 * Puts the contract's errors among a method's own.
 *
 * @throws {TypeError} where both declare the same name differently
 */
export function withShared(contract: string, own: DeclaredErrors, shared: DeclaredErrors): DeclaredErrors {
  const all: Record<string, DeclaredErrorSpec> = { ...shared };
  for (const [name, spec] of Object.entries(own)) {
    checkSame(contract, name, Object.hasOwn(shared, name) ? shared[name] : undefined, spec);
    all[name] = spec;
  }
  return Object.freeze(all);
}

/**
 * One error name means one thing in a contract, or `failure.is(contract, name)` could not type its details.
 *
 * @throws {TypeError} where two methods declare the same name differently
 */
export function checkDeclaredOnce(contract: string, methods: Iterable<DeclaredErrors>): void {
  const seen = new Map<string, DeclaredErrorSpec>();
  for (const errors of methods) {
    for (const [name, spec] of Object.entries(errors)) {
      checkSame(contract, name, seen.get(name), spec);
      seen.set(name, spec);
    }
  }
}

function checkSame(
  contract: string,
  name: string,
  known: DeclaredErrorSpec | undefined,
  spec: DeclaredErrorSpec,
): void {
  if (known === undefined || (known.details === spec.details && known.code === spec.code)) return;
  throw new TypeError(
    `Cannot define "${contract}": the error "${name}" is declared twice; use one schema object and one code for both`,
  );
}
