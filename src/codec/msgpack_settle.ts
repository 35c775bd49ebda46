import { Decoder, ExtData } from "../deps/msgpack.ts";
import { isCarried, MAX_BIGINT_BITS } from "./limits.ts";
import { fromTwosComplement } from "./msgpack_bigint.ts";
import { EXTENSION, isSafe } from "./msgpack_forms.ts";
import { inspect } from "./msgpack_structure.ts";

const OPTIONS = Object.freeze({ useBigInt64: true, mapKeyConverter: toKey });

/**
 * Decodes one MessagePack value.
 *
 * @param depth how many containers are around it
 * @throws {Error} of any class, saying what is wrong
 */
export function readMsgpack(bytes: Uint8Array, depth = 0): unknown {
  const special = inspect(bytes, depth);
  // A decoder would keep a reference to the last bytes that it read, so none lives longer than a call.
  const value = new Decoder(OPTIONS).decode(bytes);
  return special ? settle(value, depth) : value;
}

/** Makes right, in place, what the package's decoder leaves otherwise. */
function settle(value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return isSafe(value) ? Number(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = settle(value[index], depth + 1);
    return value;
  }
  // The decoder gives views of what it read.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (value instanceof ExtData) return extension(value, depth);
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError("a timestamp is out of range");
    return value;
  }
  const fields = value as Record<string, unknown>; // the decoder makes nothing else
  for (const key in fields) fields[key] = settle(fields[key], depth + 1);
  return fields;
}

function extension({ type, data }: ExtData, depth: number): unknown {
  if (!(data instanceof Uint8Array)) throw new TypeError("an extension has no content");
  switch (type) {
    case EXTENSION.bigint:
      return toBigint(data);
    case EXTENSION.map:
      return toMap(readItems(data, depth));
    case EXTENSION.set:
      return new Set(readItems(data, depth));
    case EXTENSION.undefined:
      if (data.length === 1 && data[0] === 0) return undefined;
      break;
  }
  throw new TypeError(`the extension of type ${type} and ${data.length} bytes is not known`);
}

function toBigint(data: Uint8Array): bigint {
  if (data.length > 0 && data.length * 8 <= MAX_BIGINT_BITS) {
    const value = fromTwosComplement(data);
    if (isCarried(value)) return value;
  }
  throw new TypeError(`bigints have from 8 to ${MAX_BIGINT_BITS} bits`);
}

function readItems(data: Uint8Array, depth: number): unknown[] {
  const items = readMsgpack(data, depth);
  if (!Array.isArray(items)) throw new TypeError("a Map or Set must hold an array");
  return items;
}

function toMap(items: readonly unknown[]): Map<unknown, unknown> {
  if (items.length % 2 !== 0) throw new TypeError("a Map must hold keys and values by turns");
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < items.length; index += 2) map.set(items[index], items[index + 1]);
  return map;
}

/** Other languages have maps with numbers for keys; here they become their digits. */
function toKey(key: unknown): string | number {
  if (typeof key === "string") return key;
  if (typeof key === "bigint" || Number.isInteger(key)) return String(key);
  throw new TypeError("the key of a map is neither a text nor an integer");
}
