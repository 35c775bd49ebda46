import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import type { Codec } from "./codec.ts";

/** RFC 8259 lets a reader ignore a byte order mark, and some writers put one. */
const BYTE_ORDER_MARK = "\ufeff";

/** Plain JSON (RFC 8259) in UTF-8: what Java and Go services read as it is. */
export const json: Codec = Object.freeze({
  contentType: "application/json",
  encode(value: unknown): Uint8Array {
    const text = stringify(value);
    if (text === undefined) throw new TypeError(`Cannot encode a ${typeof value} as JSON`);
    return encodeUtf8(text);
  },
  decode(bytes: Uint8Array): unknown {
    try {
      const text = decodeUtf8(bytes);
      return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
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
