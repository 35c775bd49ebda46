import { toBase64 } from "../bytes/base64.ts";
import { MARK } from "./plain.ts";
import type { Forms } from "./rewrite.ts";

/*
 * Values that JSON lacks are objects with one key:
 *
 *   {"$rpc:bigint":"123"}                 {"$rpc:map":[[key,value],…]}
 *   {"$rpc:date":"2026-01-31T09:00:00.000Z"}   {"$rpc:set":[value,…]}
 *   {"$rpc:bytes":"AQID"}                 {"$rpc:undefined":true}, in arrays, Maps and Sets
 *   {"$rpc:number":"NaN"}                 "NaN", "Infinity" or "-Infinity"; -0 is JSON as it is
 *
 * An object of the user's whose only key begins with the mark gets the mark once more: {"$rpc:$rpc:date":…}.
 */

/** The keys of the forms. */
export const KEY = Object.freeze({
  bigint: `${MARK}bigint`,
  date: `${MARK}date`,
  bytes: `${MARK}bytes`,
  map: `${MARK}map`,
  set: `${MARK}set`,
  undefined: `${MARK}undefined`,
  number: `${MARK}number`,
});

/** What a user's key begins with once it is quoted. */
export const QUOTED = MARK + MARK;

/** The one way to make `JSON.stringify` write `-0`; TypeScript does not know it yet. */
const rawJson: unknown = Reflect.get(JSON, "rawJSON");
const NEGATIVE_ZERO: unknown = typeof rawJson === "function" ? rawJson("-0") : { [KEY.number]: "-0" };

/** What JSON writes for the values that it lacks. */
export const JSON_FORMS: Forms = Object.freeze({
  codec: "JSON",
  // `JSON.stringify` escapes halves of surrogate pairs.
  wellFormed: false,
  number: (value: number) => Object.is(value, -0) ? NEGATIVE_ZERO : { [KEY.number]: String(value) },
  bigint: (value: bigint) => ({ [KEY.bigint]: String(value) }),
  date: (value: Date) => ({ [KEY.date]: value.toISOString() }),
  bytes: (value: Uint8Array) => ({ [KEY.bytes]: toBase64(value) }),
  map: (items: unknown[]) => ({ [KEY.map]: pairs(items) }),
  set: (items: unknown[]) => ({ [KEY.set]: items }),
  undefined: () => ({ [KEY.undefined]: true }),
  object(copy: Record<string, unknown>, keys: readonly string[]) {
    const [only] = keys;
    if (keys.length !== 1 || only === undefined || !only.startsWith(MARK)) return copy;
    return { [MARK + only]: copy[only] };
  },
});

function pairs(items: readonly unknown[]): unknown[] {
  const list: unknown[] = [];
  for (let index = 0; index < items.length; index += 2) list.push([items[index], items[index + 1]]);
  return list;
}
