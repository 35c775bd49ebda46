import type { Codec } from "./codec.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Plain JSON (RFC 8259) in UTF-8: what Java and Go services read as it is. */
export const json: Codec = Object.freeze({
  contentType: "application/json",
  encode(value: unknown): Uint8Array {
    const text = stringify(value);
    if (text === undefined) throw new TypeError(`Cannot encode a ${typeof value} as JSON`);
    return encoder.encode(text);
  },
  decode(bytes: Uint8Array): unknown {
    try {
      return JSON.parse(decoder.decode(bytes));
    } catch (error) {
      throw new TypeError("Cannot decode the body: it is not JSON in UTF-8", { cause: error });
    }
  },
});

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot encode the value as JSON: ${reason}`, { cause: error });
  }
}
