import { ExtData } from "../deps/msgpack.ts";
import { toTwosComplement } from "./msgpack_bigint.ts";
import type { Forms } from "./rewrite.ts";

/*
 * What MessagePack has itself is written so: NaN, the infinities and -0 as 64-bit floats, bytes as bin, dates as the
 * timestamp extension (-1), and bigints that only a 64-bit integer can hold as those. The rest is extensions:
 *
 *   1  bigint     big-endian two's complement
 *   2  Map        one array of keys and values by turns
 *   3  Set        one array of values
 *   4  undefined  one byte 0; in arrays, Maps and Sets
 */

/** The types of the extensions. */
export const EXTENSION = Object.freeze({ bigint: 1, map: 2, set: 3, undefined: 4 });

/** `ExtData` whose content is a function gets a head of this size … */
const EXTENSION_HEAD = 6;
/** … so that with this content it takes as many bytes as a 64-bit number with its head. */
const PLACEHOLDER = new Uint8Array(3);

const FLOAT64 = 0xcb;
const UINT64 = 0xcf;
const INT64 = 0xd3;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/** Whether numbers have the integer too: then a 64-bit integer on the wire means a number. */
export function isSafe(value: bigint): boolean {
  return BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/**
 * The forms of MessagePack for one encoding. The package's encoder writes -0 as 0, and 64-bit integers only where it
 * writes all large numbers as floats: they get placeholders, which {@linkcode MsgpackForms.fill} replaces.
 */
export class MsgpackForms implements Forms {
  readonly codec = "MessagePack";
  readonly wellFormed = true;
  readonly #encode: (value: unknown) => Uint8Array;
  #numbers: (readonly [at: number, head: number, value: number | bigint])[] = [];

  /** @param encode the package's encoder, for the contents of extensions */
  constructor(encode: (value: unknown) => Uint8Array) {
    this.#encode = encode;
  }

  /** Encodes a rewritten value. */
  write(rewritten: unknown): Uint8Array {
    this.#numbers = [];
    const bytes = this.#encode(rewritten);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (const [at, head, value] of this.#numbers) {
      view.setUint8(at, head);
      if (typeof value === "number") view.setFloat64(at + 1, value);
      else view.setBigUint64(at + 1, BigInt.asUintN(64, value));
    }
    return bytes;
  }

  number(value: number): unknown {
    return Object.is(value, -0) ? this.#number(FLOAT64, value) : value;
  }

  bigint(value: bigint): unknown {
    if (isSafe(value) || value < MIN_INT64 || value > MAX_UINT64) {
      return new ExtData(EXTENSION.bigint, toTwosComplement(value));
    }
    return this.#number(value < 0n ? INT64 : UINT64, value);
  }

  date(value: Date): unknown {
    return value;
  }

  bytes(value: Uint8Array): unknown {
    return value;
  }

  map(items: unknown[]): unknown {
    return new ExtData(EXTENSION.map, this.write(items));
  }

  set(items: unknown[]): unknown {
    return new ExtData(EXTENSION.set, this.write(items));
  }

  undefined(): unknown {
    return new ExtData(EXTENSION.undefined, new Uint8Array(1));
  }

  object(copy: Record<string, unknown>): unknown {
    return copy;
  }

  #number(head: number, value: number | bigint): ExtData {
    return new ExtData(0, (content) => {
      this.#numbers.push([content - EXTENSION_HEAD, head, value]);
      return PLACEHOLDER;
    });
  }
}
