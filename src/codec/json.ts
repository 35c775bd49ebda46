import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import type { Codec } from "./codec.ts";
import { isTooDeep } from "./depth.ts";
import { JSON_FORMS } from "./json_forms.ts";
import { revive } from "./json_revive.ts";
import { MAX_DEPTH } from "./limits.ts";
import { isPlain, MARK } from "./plain.ts";
import { rewrite } from "./rewrite.ts";

/** RFC 8259 lets a reader ignore a byte order mark, and some writers put one. */
const BYTE_ORDER_MARK = 0xfeff;
/** A level takes a bracket on either side, so shorter texts cannot be too deep. */
const MIN_DEEP_LENGTH = 2 * (MAX_DEPTH + 1);

/**
 * JSON (RFC 8259) in UTF-8, the codec of contracts that name none. What JSON can say is written as anybody writes it,
 * so that Java and Go services read it as it is. `bigint`, `Date`, `Uint8Array`, `Map`, `Set`, `NaN`, the infinities,
 * and `undefined` within arrays, travel as objects with one key that begins with `$rpc:`; fields that are `undefined`
 * are left out. Class instances, functions, symbols, cycles and holes are refused.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { json } from "rocket-actors";
 *
 * const body = json.encode({ cents: 5n, note: undefined });
 * assert.equal(new TextDecoder().decode(body), '{"cents":{"$rpc:bigint":"5"}}');
 * assert.deepEqual(json.decode(body), { cents: 5n });
 * ```
 */
export const json: Codec = Object.freeze({
  contentType: "application/json",
  encode(value: unknown): Uint8Array {
    return encodeUtf8(stringify(value));
  },
  decode(bytes: Uint8Array): unknown {
    const text = textOf(bytes);
    const value = parse(text);
    // A value that is too deep is walked again for the message.
    const special = mayBeSpecial(text) || (mayBeDeep(text) && isTooDeep(value));
    return special ? revive(value) : value;
  },
});

function stringify(value: unknown): string {
  if (value === undefined) throw new TypeError("Cannot encode undefined as JSON: send no body instead");
  const plain = isPlain(value, false) ? value : rewrite(value, JSON_FORMS);
  try {
    return JSON.stringify(plain);
  } catch (error) {
    // Such as a text that would be too long.
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot encode $ as JSON: ${reason}`, { cause: error });
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    const text = decodeUtf8(bytes);
    return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
  } catch (error) {
    throw notJson(error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(error);
  }
}

function notJson(cause: unknown): TypeError {
  return new TypeError("Cannot decode the body: it is not JSON in UTF-8", { cause });
}

/**
 * Whether a text may hold a form, or a key that would set a prototype. Either may be written with escapes; then all of
 * them are below U+0100.
 */
function mayBeSpecial(text: string): boolean {
  return text.includes(MARK) || text.includes("__proto__") || text.includes("\\u00");
}

/** Whether a text has enough opening brackets to be too deep, those within its texts included. */
function mayBeDeep(text: string): boolean {
  if (text.length < MIN_DEEP_LENGTH) return false;
  let left = MAX_DEPTH;
  for (let at = text.indexOf("["); at >= 0; at = text.indexOf("[", at + 1)) if (--left < 0) return true;
  for (let at = text.indexOf("{"); at >= 0; at = text.indexOf("{", at + 1)) if (--left < 0) return true;
  return false;
}
