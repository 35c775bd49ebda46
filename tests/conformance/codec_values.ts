import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Kind, Sample } from "./codec_suite.ts";

/** Keys that mean something to JavaScript or to a codec, or look as if. */
const HOSTILE_KEYS = [
  "",
  "0",
  "1",
  "constructor",
  "prototype",
  "toString",
  "toJSON",
  "length",
  "__proto",
  "__proto___",
  "$",
  "$rpc",
  "$rpc:",
  "$rpc:date",
  "$rpc:bigint",
  "$rpc:map",
  "$rpc:undefined",
  "$rpc:unknown",
  "$rpc:$rpc:date",
  "a key with spaces",
  "schlüssel",
];

const LEAVES = {
  integer: fc.oneof(fc.integer(), fc.maxSafeInteger()),
  double: fc.double(),
  number: fc.constantFrom(
    -0,
    NaN,
    Infinity,
    -Infinity,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    2 ** 53,
    -(2 ** 63),
  ),
  bigint: fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), edges()),
  date: fc.date({ noInvalidDate: true }),
  bytes: fc.uint8Array({ maxLength: 40 }),
  boolean: fc.boolean(),
  null: fc.constant(null),
};

/** Texts of any UTF-16 units, halves of surrogate pairs included. */
export const ANY_TEXT = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.nat({ max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
);

/** Texts that UTF-8 can hold, some of them long. */
export const WELL_FORMED_TEXT = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary", minLength: 200, maxLength: 300 }),
).map((text) => text.toWellFormed());

/** Nested values of every kind that codecs without types carry. */
export function anyBodies(text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const key = fc.oneof(fc.constantFrom(...HOSTILE_KEYS), text).filter((key) => key !== "__proto__");
  const { node } = fc.letrec<{ node: unknown; inner: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      ...Object.values(LEAVES),
      text,
      fc.array(tie("inner"), { maxLength: 5 }),
      fc.dictionary(key, tie("node"), { maxKeys: 5, noNullPrototype: true }),
      fc.array(fc.tuple(tie("inner"), tie("inner")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
      fc.array(tie("inner"), { maxLength: 4 }).map((items) => new Set(items)),
    ),
    // Where `undefined` cannot be left out.
    inner: fc.oneof({ arbitrary: tie("node"), weight: 9 }, { arbitrary: fc.constant(undefined), weight: 1 }),
  }));
  return fc.oneof(node, fc.dictionary(key, node, { minKeys: 1, maxKeys: 6, noNullPrototype: true }));
}

class Account {
  readonly id = "a";
}

class Tags extends Set<string> {}

const CYCLE: Record<string, unknown> = { list: [] };
CYCLE["list"] = [1, CYCLE];

const POLLUTED: unknown = JSON.parse('{"in":{"__proto__":{"polluted":true}}}');

/** What codecs without types do with each kind; what differs between them is left to them. */
export const ANY_KINDS: Readonly<Record<Exclude<Kind, "half a surrogate pair">, readonly Sample[]>> = {
  "null": [{ value: null }, { value: { x: null } }],
  "boolean": [{ value: true }, { value: [false, true] }],
  "integer": [{ value: 0 }, { value: [1, -1, 127, 128, 255, 256, 65_535, 65_536, -32, -33, -128, -129] }],
  "integer beyond 32 bits": [
    {
      value: [2 ** 32, -(2 ** 32), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 53, 2 ** 64, 1e300],
    },
  ],
  "fraction": [{ value: [0.1, -1.5, 5e-324, Number.MAX_VALUE] }],
  "-0": [{ value: -0 }, { value: { x: [-0, 0] } }],
  "NaN": [{ value: NaN }, { value: { x: NaN } }],
  "Infinity": [{ value: [Infinity, -Infinity] }],
  "text": [{ value: "" }, { value: { x: 'Grüße 𝄞 \u0000\u001f "\\ \u2028\ufeff' } }, {
    value: "x".repeat(70_000),
  }],
  "bigint": [{ value: { x: [0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n] } }],
  "bigint beyond 64 bits": [{ value: [2n ** 64n, -(2n ** 63n) - 1n, 2n ** 8191n - 1n, -(2n ** 8191n)] }],
  "bigint beyond all bounds": [
    { value: { x: 2n ** 8191n }, refusedAt: "$.x" },
    { value: [-(2n ** 8191n) - 1n], refusedAt: "$[0]" },
  ],
  "Date": [{ value: new Date(0) }, { value: { x: [new Date(-1), new Date(8.64e15), new Date(-8.64e15)] } }],
  "invalid Date": [{ value: { a: { b: new Date(NaN) } }, refusedAt: "$.a.b" }],
  "Uint8Array": [{ value: new Uint8Array() }, {
    value: { x: [new Uint8Array(300), Uint8Array.of(1, 2, 255)] },
  }],
  "Buffer": [{ value: { x: Buffer.from("ab") }, becomes: { x: Uint8Array.of(0x61, 0x62) } }],
  "ArrayBuffer": [{ value: { x: new ArrayBuffer(2) }, refusedAt: "$.x" }],
  "other typed array": [
    { value: [new Uint16Array(2)], refusedAt: "$[0]" },
    { value: { x: new DataView(new ArrayBuffer(1)) }, refusedAt: "$.x" },
  ],
  "array": [{ value: [] }, { value: [[], [[1]], "a"] }, {
    value: Array.from({ length: 70_000 }, (_, i) => i % 7),
  }],
  // deno-lint-ignore no-sparse-arrays -- what is tested
  "array with a hole": [{ value: { x: [1, , 3] }, refusedAt: "$.x[1]" }],
  "undefined in an array": [{ value: [undefined] }, { value: { x: [1, undefined, { y: [undefined] }] } }],
  "undefined field": [{ value: { a: undefined, b: 1 }, becomes: { b: 1 } }, {
    value: [{ a: undefined, d: new Date(0) }],
    becomes: [{ d: new Date(0) }],
  }],
  "object without prototype": [{ value: Object.assign(Object.create(null), { x: 1n }), becomes: { x: 1n } }],
  "key __proto__": [
    { value: POLLUTED, refusedAt: "$.in.__proto__" },
    { value: new Map([["__proto__", { constructor: { prototype: 1 } }]]) },
  ],
  "key of a form": [
    { value: { "$rpc:date": "1970-01-01T00:00:00.000Z" } },
    {
      value: [{ "$rpc:date": new Date(0) }, { "$rpc:$rpc:map": [] }, { "$rpc:": { "$rpc:undefined": true } }],
    },
    { value: { "$rpc:set": [1], other: { "$rpc:unknown": {} } } },
  ],
  "class instance": [
    { value: { account: new Account() }, refusedAt: "$.account" },
    { value: [new Error("x")], refusedAt: "$[0]" },
    { value: new Tags(["a"]), refusedAt: "$" },
    { value: { x: new (class extends Array {})() }, refusedAt: "$.x" },
    { value: { x: new String("a") }, refusedAt: "$.x" },
    { value: { x: Object.create(Date.prototype) }, refusedAt: "$.x" },
  ],
  "object with toJSON": [
    { value: { url: new URL("https://example.org/") }, refusedAt: "$.url" },
    { value: { toJSON: () => 1 }, refusedAt: "$.toJSON" },
    { value: { toJSON: "a text" } },
  ],
  "Map": [{ value: new Map() }, {
    value: {
      x: new Map<unknown, unknown>([["a", 1], [2, new Map([[{ k: [1n] }, null]])], [undefined, NaN]]),
    },
  }, {
    value: { x: new Map([["a", new Map([["b", () => {}]])]]) },
    refusedAt: "$.x.entries[0].value.entries[0].value",
  }, { value: new Map<unknown, unknown>([[1, 1], [Symbol("s"), 1]]), refusedAt: "$.entries[1].key" }],
  "Set": [{ value: new Set() }, { value: { x: new Set([1, "a", -1n, undefined, new Set([[-0]])]) } }, {
    value: [new Set([1, new WeakSet()])],
    refusedAt: "$[0].values[1]",
  }],
  "function": [
    { value: () => {}, refusedAt: "$" },
    { value: { items: [{ when: () => {} }] }, refusedAt: "$.items[0].when" },
  ],
  "symbol": [
    { value: { "a key": Symbol("s") }, refusedAt: '$["a key"]' },
    // As everywhere in JavaScript, properties with symbols for names are not what is enumerated.
    { value: { [Symbol("s")]: 1, b: 2 }, becomes: { b: 2 } },
  ],
  "cycle": [{ value: { top: CYCLE }, refusedAt: "$.top.list[1]" }],
  "getter that throws": [{
    value: {
      get x(): never {
        throw new RangeError("not now");
      },
    },
    refusedAt: "$.x",
  }],
};

/** Where forms and sizes of integers change. */
function edges(): fc.Arbitrary<bigint> {
  return fc.tuple(
    fc.constantFrom(0, 7, 8, 15, 31, 32, 52, 53, 54, 62, 63, 64, 65, 127, 128),
    fc.integer({ min: -2, max: 2 }),
  )
    .chain(([bits, off]) =>
      fc.constantFrom(2n ** BigInt(bits) + BigInt(off), -(2n ** BigInt(bits)) + BigInt(off))
    );
}
