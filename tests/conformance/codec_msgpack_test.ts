import { msgpack } from "rocket-actors/codec/msgpack";
import { codecSuite } from "./codec_suite.ts";
import { ANY_KINDS, anyBodies, WELL_FORMED_TEXT } from "./codec_values.ts";

/** The key `in`, and the key `__proto__`, with their heads. */
const IN = [0xa2, 0x69, 0x6e];
const PROTO = [0xa9, ...new TextEncoder().encode("__proto__")];

const HOSTILE: Readonly<Record<string, readonly number[]>> = {
  "no byte": [],
  "a byte that stands for nothing": [0xc1],
  "bytes after the value": [0x01, 0x01],
  "a text that is cut off": [0xa5, 0x61],
  "a text that is not UTF-8": [0xa1, 0xff],
  "a text with half a surrogate pair": [0xa3, 0xed, 0xa0, 0x80],
  "a long text that is not UTF-8": [0xda, 0x01, 0x2c, ...new Array<number>(300).fill(0xc3)],
  "a text of 4 GiB": [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61],
  "bytes of 4 GiB": [0xc6, 0xff, 0xff, 0xff, 0xff, 0x61],
  "an extension of 4 GiB": [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01, 0x01],
  "an array of 4 billion": [0xdd, 0xff, 0xff, 0xff, 0xff],
  "an array of 32 million": [0xdd, 0x01, 0xff, 0xff, 0xff, 0x01],
  "a map of 4 billion": [0xdf, 0xff, 0xff, 0xff, 0xff],
  "arrays of a million within each other": new Array<readonly number[]>(190).fill([
    0xdd,
    0x00,
    0x0f,
    0xff,
    0xff,
  ])
    .flat().concat(new Array<number>(0x10_0000).fill(0xc0)),
  "the key __proto__": [0x81, ...PROTO, 0x81, 0xa8, ...new TextEncoder().encode("polluted"), 0xc3],
  "an array as a key": [0x81, 0x91, 0x01, 0x01],
  "a fraction as a key": [0x81, 0xca, 0x3f, 0xc0, 0x00, 0x00, 0x01],
  "an extension that nobody knows": [0xd4, 0x2a, 0x00],
  "a timestamp of three bytes": [0xc7, 0x03, 0xff, 0x00, 0x00, 0x00],
  "a timestamp that no Date holds": [0xc7, 0x0c, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0, 0, 0],
  "a bigint of no bytes": [0xc7, 0x00, 0x01],
  "a bigint of 1,025 bytes": [0xc8, 0x04, 0x01, 0x01, ...new Array<number>(1_025).fill(1)],
  "a Map of three": [0xc7, 0x04, 0x02, 0x93, 0x01, 0x02, 0x03],
  "a Map that is none": [0xd4, 0x02, 0x01],
  "a Map with the key __proto__ in an object": [0xc7, 0x0e, 0x02, 0x92, 0x01, 0x81, ...PROTO, 0x01],
  "a Set with bytes after it": [0xd5, 0x03, 0x90, 0x90],
  "an undefined of another form": [0xd4, 0x04, 0x01],
};

codecSuite("msgpack", {
  make: () => msgpack,
  place: undefined,
  kinds: {
    ...ANY_KINDS,
    "half a surrogate pair": [
      { value: { x: ["a\ud800"] }, refusedAt: "$.x[0]" },
      { value: { x: { "\udc00": 1 } }, refusedAt: '$.x["\\udc00"]' },
      { value: "\ud83d".repeat(100), refusedAt: "$" },
    ],
  },
  bodies: anyBodies(WELL_FORMED_TEXT),
  maxDepth: 200,
  nested(depth) {
    let value: unknown = "deepest";
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { in: value } : [value];
    return value;
  },
  nestedBytes(depth) {
    const bytes: number[] = [];
    for (let level = depth - 1; level >= 0; level--) bytes.push(...level % 2 === 0 ? [0x81, ...IN] : [0x91]);
    return Uint8Array.from([...bytes, 0xa7, ...new TextEncoder().encode("deepest")]);
  },
  hostile: Object.fromEntries(Object.entries(HOSTILE).map(([what, bytes]) => [what, Uint8Array.from(bytes)])),
});
