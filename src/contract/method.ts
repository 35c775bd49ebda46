import { MAX_TIMEOUT_MS } from "./defaults.ts";
import type { Method, MethodOptions } from "./types.ts";

/**
 * Declares a request-reply method by its types.
 *
 * ```ts
 * import { defineService, method } from "rocket-actors";
 *
 * const Quotes = defineService("bank.Quotes", {
 *   fee: method<{ cents: number }, { fee: number }>({ safe: true }),
 *   ping: method(),
 * });
 * ```
 *
 * @param options what the method promises
 * @returns a frozen declaration for {@linkcode defineService}
 * @throws {TypeError} on options that contradict each other or are of the wrong type
 * @throws {RangeError} on a timeout outside 1 ms to one day
 */
export function method<In = void, Out = void>(options: MethodOptions = {}): Method<In, Out> {
  const safe = flag("safe", options.safe);
  const idempotent = flag("idempotent", options.idempotent);
  if (safe && options.idempotent === false) {
    throw new TypeError("Cannot declare a method 'safe' and not 'idempotent': leave 'idempotent' out");
  }
  return Object.freeze({
    kind: "call",
    settings: Object.freeze({
      safe,
      idempotent: safe || idempotent,
      timeoutMs: options.timeoutMs === undefined ? undefined : timeout(options.timeoutMs),
      whenAbsent: absence(options.whenAbsent),
    }),
  });
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw new TypeError(`Cannot read '${name}': write true or false`);
  return value;
}

function absence(value: unknown): "fail" | "wait" {
  if (value === undefined) return "fail";
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
export function timeout(value: unknown): number {
  if (typeof value !== "number" || !(value >= 1 && value <= MAX_TIMEOUT_MS)) {
    throw new RangeError(
      `Cannot use 'timeoutMs': it must be from 1 to ${MAX_TIMEOUT_MS} ms: current value is ${String(value)}`,
    );
  }
  return value;
}
