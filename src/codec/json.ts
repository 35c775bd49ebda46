import type { Codec } from "./codec.ts";

const encoder = new TextEncoder();
/** Encoding into memory at hand and copying costs a fifth of `encode()`, which allocates by a slow way. */
const scratch = new Uint8Array(64 * 1024);
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Plain JSON (RFC 8259) in UTF-8: what Java and Go services read as it is. */
export const json: Codec = Object.freeze({
  contentType: "application/json",
  encode(value: unknown): Uint8Array {
    const text = stringify(value);
    if (text === undefined) throw new TypeError(`Cannot encode a ${typeof value} as JSON`);
    return utf8(text);
  },
  decode(bytes: Uint8Array): unknown {
    try {
      return JSON.parse(decoder.decode(bytes));
    } catch (error) {
      throw new TypeError("Cannot decode the body: it is not JSON in UTF-8", { cause: error });
    }
  },
});

function utf8(text: string): Uint8Array {
  if (text.length * MAX_BYTES_PER_UNIT > scratch.length) return encoder.encode(text);
  return scratch.slice(0, encoder.encodeInto(text, scratch).written);
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot encode the value as JSON: ${reason}`, { cause: error });
  }
}
