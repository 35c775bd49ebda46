import { RocketMqError } from "../error.ts";
import type { Command } from "../remote/command.ts";
import { textOf } from "../remote/text_of.ts";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Encodes a JSON body of a request. */
export function jsonBody(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

/**
 * Reads the JSON body of an answer with `read`, which throws when it is not what it should be.
 *
 * @throws RocketMqError kind `unknown`, naming the server, when body or contents cannot be read
 */
export function readJsonBody<T>(response: Command, address: string, read: (value: unknown) => T): T {
  return readBody(response, address, (text) => read(JSON.parse(text)));
}

/**
 * Reads the text body of an answer with `read`, which throws when it is not what it should be.
 *
 * @throws RocketMqError kind `unknown`, naming the server
 */
export function readBody<T>(response: Command, address: string, read: (text: string) => T): T {
  try {
    return read(decoder.decode(response.body));
  } catch (cause) {
    throw new RocketMqError("unknown", `Cannot read the answer of ${address}: ${textOf(cause)}`, {
      address,
      cause,
    });
  }
}

/** A JSON object of any members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Checks for an object.
 *
 * @throws TypeError naming `what`
 */
export function asObject(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value;
  throw new TypeError(`${what} is not an object`);
}

/**
 * Checks for an array; absent counts as empty, as servers leave out what is null.
 *
 * @throws TypeError naming `what`
 */
export function asArray(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new TypeError(`${what} is not an array`);
}

/**
 * Checks for text.
 *
 * @throws TypeError naming `what`
 */
export function asText(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${what} is not text`);
}

/**
 * Checks for an integer within 53 bits.
 *
 * @throws TypeError naming `what`
 */
export function asInteger(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw new TypeError(`${what} is not an integer`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
