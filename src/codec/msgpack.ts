/**
 * MessagePack for contracts: smaller than JSON where there are bytes, numbers and dates, and readable in every
 * language.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { msgpack } from "rocket-actors/codec/msgpack";
 *
 * const value = { paidAt: new Date(0), proof: Uint8Array.of(1, 2), tags: new Set(["a"]), cents: 5n };
 * assert.deepEqual(msgpack.decode(msgpack.encode(value)), value);
 * ```
 *
 * @module
 */
import { Encoder } from "../deps/msgpack.ts";
import type { BodyPlace, Codec } from "./codec.ts";
import { MsgpackForms } from "./msgpack_forms.ts";
import { readMsgpack } from "./msgpack_settle.ts";
import { isPlain } from "./plain.ts";
import { rewrite } from "./rewrite.ts";

export type { BodyPlace, Codec };

/** After a longer body the encoder is replaced, so that the memory which it took for it goes away. */
const MAX_KEPT_BYTES = 64 * 1024;
/** Depth is bounded before the package sees a value. */
const OPTIONS = Object.freeze({ ignoreUndefined: true, maxDepth: Infinity });

let encoder = new Encoder(OPTIONS);

/**
 * MessagePack, content type `application/msgpack`. Carries what JSON carries and, in their own forms, bytes, dates,
 * NaN, the infinities and -0; `bigint`, `Map`, `Set` and `undefined` within arrays travel as extensions 1 to 4. Fields
 * that are `undefined` are left out. Class instances, functions, symbols, cycles and holes are refused.
 *
 * Numbers stay numbers and bigints stay bigints. Of integers that others wrote, those up to ±(2^53 - 1) are numbers
 * whatever their width, larger ones are bigints.
 */
export const msgpack: Codec = Object.freeze({
  contentType: "application/msgpack",
  encode(value: unknown): Uint8Array {
    if (value === undefined) {
      throw new TypeError("Cannot encode undefined as MessagePack: send no body instead");
    }
    const forms = isPlain(value, true) ? undefined : new MsgpackForms(write);
    const plain = forms === undefined ? value : rewrite(value, forms);
    try {
      return forms === undefined ? write(plain) : forms.write(plain);
    } catch (error) {
      // Such as memory that is not to be had.
      throw new TypeError(`Cannot encode $ as MessagePack: ${reasonOf(error)}`, { cause: error });
    }
  },
  decode(bytes: Uint8Array): unknown {
    try {
      return readMsgpack(bytes);
    } catch (error) {
      throw new TypeError(`Cannot decode the body as MessagePack: ${reasonOf(error)}`, { cause: error });
    }
  },
});

/** A copy of what the encoder holds, so later bodies do not change it. */
function write(value: unknown): Uint8Array {
  const bytes = encoder.encode(value);
  if (bytes.length > MAX_KEPT_BYTES) encoder = new Encoder(OPTIONS);
  return bytes;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
