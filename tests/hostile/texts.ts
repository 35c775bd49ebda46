import { HEADER, TRACE_HEADER, USER_PREFIX } from "../../src/envelope/headers.ts";
import type { Dice } from "./dice.ts";

/** Texts that are no harm to anybody, and yet have done some. */
const TEXTS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "then",
  " ",
  "%",
  "%zz",
  "%C3%28%FF",
  "%00",
  "\u0000",
  "\ud800",
  "🙂".repeat(20),
  "x".repeat(300),
  "x".repeat(12_000),
  "/",
  "a/b/c",
  "embedded:rka1-",
  "embedded:rka1-nobody",
  "undefined",
  "null",
  "[object Object]",
  "ok",
  "internal",
  "cancelled",
  "pack",
  "reply",
  "request",
  "oneway",
  "cancel",
  "item",
  "application/json",
  "application/msgpack",
  "application/protobuf",
  "application/x-hessian2",
] as const;

/** Numbers, and what may be taken for some. */
const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "4",
  "-1",
  "00",
  "1.5",
  "1e3",
  "0x10",
  " 7",
  "NaN",
  "Infinity",
  "2147483648",
  "999999999999999",
  "9007199254740993",
  "99999999999999999999",
] as const;

/** The names that headers of ours have, and some that they must not be mistaken for. */
const NAMES: readonly [string, ...string[]] = [
  HEADER.id,
  ...Object.values(HEADER),
  ...Object.values(TRACE_HEADER),
  `${USER_PREFIX}tenant`,
  `${USER_PREFIX}__proto__`,
  "__proto__",
  "constructor",
  "rpc-unknown",
  "RPC-ID",
  "TAGS",
  "KEYS",
];

/** A text that may stand where another is expected. */
export function hostileText(dice: Dice): string {
  return dice.chance(0.4) ? dice.pick(NUMBERS) : dice.pick(TEXTS);
}

/** Changes one header: another value, none, one more, or that of another one. */
export function mutateHeaders(dice: Dice, headers: Map<string, string>): void {
  const [first, ...others] = headers.keys();
  const known = first === undefined ? dice.pick(NAMES) : dice.pick([first, ...others]);
  const drawn = dice.next();
  if (drawn < 0.3) headers.set(known, hostileText(dice));
  else if (drawn < 0.5) headers.delete(known);
  else if (drawn < 0.75) headers.set(dice.pick(NAMES), hostileText(dice));
  else if (drawn < 0.85) headers.set(known, headers.get(dice.pick(NAMES)) ?? hostileText(dice));
  else headers.set(known, cut(dice, headers.get(known) ?? ""));
}

/** The text with one character more, less or other. */
function cut(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  return text.slice(0, at) + dice.pick(["", "", "x", "%", " ", "\u00ff"]) + text.slice(at + dice.below(2));
}
