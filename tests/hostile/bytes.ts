import type { Dice } from "./dice.ts";

/** Numbers on which readers of lengths stumble. */
const LENGTHS = [
  0,
  1,
  2,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0xffff,
  0xff_ffff,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
] as const;
/** No UTF-8: a lone byte, a cut sequence, an overlong one, half a surrogate pair, beyond the last character. */
const NO_UTF8: readonly [number[], ...number[][]] = [
  [0xff],
  [0xc3, 0x28],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf7, 0xbf, 0xbf, 0xbf],
];
/** What opens a level in JSON, MessagePack and Protobuf. */
const OPENERS = [0x5b, 0x7b, 0x91, 0x81, 0xdd, 0xdf, 0x0a, 0x0b, 0xc7, 0xd9] as const;
const MOST_NESTED = 4_096;
const encoder = new TextEncoder();

/** What means something to a reader of JSON, of our forms in it, or of properties. */
const TOKENS = [
  '"__proto__":',
  '{"__proto__":{"polluted":1}}',
  '"constructor":{"prototype":{"polluted":1}},',
  '{"$rpc:map":[',
  '{"$rpc:set":[[]]}',
  '{"$rpc:bigint":"' + "9".repeat(3_000) + '"}',
  '{"$rpc:date":"+275760-09-13T00:00:00.001Z"}',
  '{"$rpc:bytes":"===="}',
  "1e999",
  "-0",
  "null,",
  "\\ud800",
  "\u0001",
  "\u0002",
  "\u0003",
] as const;

type Change = (dice: Dice, bytes: Uint8Array) => Uint8Array;

const CHANGES: readonly [Change, ...Change[]] = [
  flipBits,
  flipBits,
  (dice, bytes) => bytes.slice(0, dice.below(bytes.length + 1)),
  (dice, bytes) => splice(bytes, bytes.length, 0, noise(dice, 1 + dice.below(64))),
  writeLength,
  (dice, bytes) => splice(bytes, dice.below(bytes.length), 1 + dice.below(16), []),
  (dice, bytes) => {
    const at = dice.below(bytes.length);
    return splice(bytes, at, 0, bytes.subarray(at, at + 1 + dice.below(32)));
  },
  (dice, bytes) => splice(bytes, dice.below(bytes.length), 0, dice.pick(NO_UTF8)),
  (dice, bytes) => {
    const at = dice.below(bytes.length);
    return splice(bytes.subarray(at), bytes.length - at, 0, bytes.subarray(0, at));
  },
  (dice, bytes) => splice(bytes, dice.below(bytes.length), dice.below(4), encoder.encode(dice.pick(TOKENS))),
  (dice, bytes) => {
    const levels = new Uint8Array(1 + dice.below(MOST_NESTED)).fill(dice.pick(OPENERS));
    return splice(bytes, dice.chance(0.5) ? 0 : dice.below(bytes.length), 0, levels);
  },
];

/** Other bytes that look like these: may be empty, and rarely are the same. */
export function mutateBytes(dice: Dice, bytes: Uint8Array): Uint8Array {
  let changed = bytes;
  for (let more = dice.chance(0.6) ? 1 : 2 + dice.below(2); more > 0 && changed.length > 0; more--) {
    changed = dice.pick(CHANGES)(dice, changed);
  }
  return changed;
}

/** Bytes of no form at all. */
export function noise(dice: Dice, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => dice.below(256));
}

function flipBits(dice: Dice, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  for (let more = dice.chance(0.7) ? 1 : 2 + dice.below(7); more > 0; more--) {
    const at = dice.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
  }
  return changed;
}

function writeLength(dice: Dice, bytes: Uint8Array): Uint8Array {
  const changed = bytes.slice();
  const width = dice.pick([1, 2, 4]);
  const at = dice.below(Math.max(1, changed.length - width + 1));
  const drawn = dice.chance(0.5) ? dice.pick(LENGTHS) : Math.max(0, changed.length + dice.below(9) - 4);
  for (let index = 0; index < width && at + index < changed.length; index++) {
    changed[at + index] = (drawn >>> (8 * (width - 1 - index))) & 0xff;
  }
  return changed;
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: ArrayLike<number>): Uint8Array {
  const end = Math.min(bytes.length, at + remove);
  const changed = new Uint8Array(bytes.length - (end - at) + insert.length);
  changed.set(bytes.subarray(0, at));
  changed.set(insert, at);
  changed.set(bytes.subarray(end), at + insert.length);
  return changed;
}
