import { MAX_CONTRACT_NAME, MAX_ERROR_NAME, MAX_METHOD_NAME } from "./defaults.ts";
import { shown } from "./option.ts";

/** Names that JavaScript itself asks objects for: neither a proxy nor an error may answer them. */
const FORBIDDEN: readonly string[] = ["then", "constructor", "__proto__", "toJSON"];
const CONTRACT_NAME = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Checks the name of a contract: it becomes a topic and a consumer group.
 *
 * @throws {TypeError} on one that is illegal
 */
export function checkContractName(name: unknown): void {
  if (typeof name !== "string" || name.length > MAX_CONTRACT_NAME || !CONTRACT_NAME.test(name)) {
    throw new TypeError(
      `Cannot define a contract: its name must be letters, digits, "_" and single dots between them, ` +
        `at most ${MAX_CONTRACT_NAME} characters, such as "bank.Payments": current value is ${shown(name)}`,
    );
  }
}

/**
 * Checks the name of a method: it becomes a tag, and a property of the proxy.
 *
 * @throws {TypeError} on one that is illegal
 */
export function checkMethodName(contract: string, name: string): void {
  if (!isWord(name, MAX_METHOD_NAME)) {
    throw new TypeError(`Cannot define "${contract}": "${name}" is no method name: ${rule(MAX_METHOD_NAME)}`);
  }
}

/**
 * Checks the name of a declared error: it travels in a header.
 *
 * @throws {TypeError} on one that is illegal
 */
export function checkErrorName(name: string): void {
  if (!isWord(name, MAX_ERROR_NAME)) {
    throw new TypeError(`Cannot declare the error "${name}": ${rule(MAX_ERROR_NAME)}`);
  }
}

function isWord(name: string, longest: number): boolean {
  return name.length <= longest && WORD.test(name) && !FORBIDDEN.includes(name);
}

function rule(longest: number): string {
  return `write letters, digits and "_", no digit first, at most ${longest} characters, and none of ${
    FORBIDDEN.join(", ")
  }`;
}
