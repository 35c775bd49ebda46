import { Buffer } from "node:buffer";
import fc from "fast-check";
import { protobuf } from "rocket-actors/codec/protobuf";
import { codecSuite } from "./codec_suite.ts";
import { WELL_FORMED_TEXT } from "./codec_values.ts";

const SCHEMA = `
  syntax = "proto3";
  package test;
  enum Color { RED = 0; GREEN = 1; BLUE = -5; }
  message Chain { Chain next = 1; }
  message Node {
    oneof kind { string text = 1; Node node = 2; uint64 id = 3; bytes proof = 4; Color shade = 5; }
    repeated Node list = 6;
    map<string, Node> by_name = 7;
    map<sint64, bytes> by_signed = 8;
    map<fixed64, string> by_unsigned = 9;
    map<bool, Color> by_flag = 10;
    map<uint32, double> by_number = 11;
    optional sint32 maybe = 12;
    bool flag = 13;
    string name = 14;
    bytes content = 15;
    Color color = 16;
    double number = 17;
    float rough = 18;
    int32 small = 19;
    fixed32 natural = 20;
    int64 wide = 21;
    sfixed64 fixed = 22;
    repeated uint64 ids = 23;
    repeated sint64 deltas = 24 [packed = false];
    repeated string lines = 25;
    repeated Color colors = 26;
    repeated float samples = 27;
    Chain chain = 31;
  }
`;

/** A node with nothing in it but zeros, as it arrives. */
function node(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const empty = () => new Map();
  return {
    ...{
      list: [],
      byName: empty(),
      bySigned: empty(),
      byUnsigned: empty(),
      byFlag: empty(),
      byNumber: empty(),
    },
    ...{ flag: false, name: "", content: new Uint8Array(), color: "RED", number: 0, rough: 0, small: 0 },
    ...{ natural: 0, wide: 0n, fixed: 0n, ids: [], deltas: [], lines: [], colors: [], samples: [] },
    ...fields,
  };
}

const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 300 });
const number = fc.oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity));
const float = fc.oneof(fc.float(), fc.constantFrom(-0, NaN, Infinity, -Infinity));
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
// -9 is the number of no color.
const color = fc.constantFrom("RED", "GREEN", "BLUE", -9);
const name = fc.oneof(WELL_FORMED_TEXT, fc.constantFrom("__proto__", "constructor", "toString", "0", ""));

function map<K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>): fc.Arbitrary<Map<K, V>> {
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => new Map(entries));
}

const { body } = fc.letrec<{ body: Record<string, unknown> }>((tie) => ({
  body: fc.record({
    kind: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constant({}),
      fc.record({ text: WELL_FORMED_TEXT }),
      fc.record({ id: unsigned }),
      fc.record({ proof: bytes }),
      fc.record({ shade: color }),
      fc.record({ node: tie("body") }),
      fc.record({ list: fc.array(tie("body"), { maxLength: 3 }) }),
      fc.record({ byName: map(name, tie("body")) }),
    ),
    maps: fc.record({
      bySigned: map(signed, bytes),
      byUnsigned: map(unsigned, WELL_FORMED_TEXT),
      byFlag: map(fc.boolean(), color),
      byNumber: map(uint32, number),
    }, { requiredKeys: [] }),
    scalars: fc.record({
      ...{
        maybe: int32,
        flag: fc.boolean(),
        name: WELL_FORMED_TEXT,
        content: bytes,
        color,
        number,
        rough: float,
      },
      ...{ small: int32, natural: uint32, wide: signed, fixed: signed },
    }, { requiredKeys: [] }),
    lists: fc.record({
      ...{ ids: fc.array(unsigned), deltas: fc.array(signed), lines: fc.array(WELL_FORMED_TEXT) },
      ...{ colors: fc.array(color), samples: fc.array(float, { maxLength: 40 }) },
    }, { requiredKeys: [] }),
  }).map(({ kind, maps, scalars, lists }) => node({ ...kind, ...maps, ...scalars, ...lists })),
}));

const CYCLE = node();
CYCLE["list"] = [{}, CYCLE];

class Account {
  readonly name = "a";
}

/** `chain` is field 31 of a node, `next` field 1 of a chain; both are messages. */
const CHAIN = [0xfa, 0x01];
const NEXT = [0x0a];

function chainBytes(levels: number): Uint8Array {
  const reversed: number[] = [];
  for (let level = levels; level >= 1; level--) {
    const length = varint(reversed.length);
    reversed.push(...length.toReversed(), ...(level === 1 ? CHAIN : NEXT).toReversed());
  }
  return Uint8Array.from(reversed.toReversed());
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

const HOSTILE: Readonly<Record<string, readonly number[]>> = {
  "a field without a value": [0x98, 0x01],
  "the field number 0": [0x00, 0x01],
  "a wire type that does not exist": [0x0f, 0x01],
  "an end of a group that did not start": [0x0c],
  "a group that does not end": [0xfb, 0x3e],
  "groups within groups without end": Array.from({ length: 100_000 }, (_, at) => at % 2 === 0 ? 0xfb : 0x3e),
  "a length beyond the end": [0x0a, 0x05, 0x61],
  "a length of 4 GiB": [0x7a, 0xff, 0xff, 0xff, 0xff, 0x0f],
  "a packed list of 4 GiB": [0xda, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f],
  "a number of eleven bytes": [0xa8, 0x01, ...new Array<number>(10).fill(0xff), 0x01],
  "a text that is not UTF-8": [0x72, 0x01, 0xff],
  "half a packed float": [0xda, 0x01, 0x03, 0x00, 0x00, 0x00],
  "a message that is cut off": [0x12, 0x02, 0x68, 0xff],
};

codecSuite("protobuf", {
  make: () => protobuf(SCHEMA, { put: { input: "test.Node" } }),
  place: { contract: "test.Nodes", method: "put", part: "input" },
  kinds: {
    "null": [{ value: { name: null }, refusedAt: "$.name" }, { value: null, refusedAt: "$" }],
    "boolean": [{ value: node({ flag: true }) }, { value: { flag: 1 }, refusedAt: "$.flag" }],
    "integer": [
      { value: node({ small: -1, natural: 2 ** 32 - 1, maybe: 0 }) },
      {
        value: { wide: 5, id: 7, ids: [2 ** 53 - 1] },
        becomes: node({ wide: 5n, id: 7n, ids: [2n ** 53n - 1n] }),
      },
      { value: { natural: -1 }, refusedAt: "$.natural" },
      { value: { id: -5 }, refusedAt: "$.id" },
      { value: { small: "1" }, refusedAt: "$.small" },
    ],
    "integer beyond 32 bits": [
      { value: node({ number: 2 ** 53 }) },
      { value: { small: 2 ** 31 }, refusedAt: "$.small" },
      { value: { wide: 2 ** 53 }, refusedAt: "$.wide" },
    ],
    "fraction": [
      { value: node({ number: 0.1, rough: 1.5 }) },
      { value: { rough: 0.1 }, becomes: node({ rough: Math.fround(0.1) }) },
      { value: { rough: 1e39 }, refusedAt: "$.rough" },
      { value: { small: 0.5 }, refusedAt: "$.small" },
      { value: { wide: 0.5 }, refusedAt: "$.wide" },
    ],
    "-0": [
      { value: node({ number: -0, rough: -0, byNumber: new Map([[1, -0]]) }) },
      { value: { small: -0, wide: -0 }, becomes: node() },
    ],
    "NaN": [{ value: node({ number: NaN, rough: NaN }) }, { value: { small: NaN }, refusedAt: "$.small" }],
    "Infinity": [
      { value: node({ number: -Infinity, samples: [Infinity] }) },
      { value: { wide: Infinity }, refusedAt: "$.wide" },
    ],
    "text": [{ value: node({ name: "Grüße 𝄞 \u0000", text: "" }) }, {
      value: { name: 1 },
      refusedAt: "$.name",
    }],
    "half a surrogate pair": [
      { value: { lines: ["a", "a\ud800"] }, refusedAt: "$.lines[1]" },
      { value: { byName: new Map([["\udc00", {}]]) }, refusedAt: "$.byName.entries[0].key" },
    ],
    "bigint": [
      { value: node({ wide: -(2n ** 63n), fixed: 2n ** 63n - 1n, id: 2n ** 64n - 1n, deltas: [0n, -1n] }) },
      { value: node({ bySigned: new Map([[-(2n ** 63n), new Uint8Array()], [0n, Uint8Array.of(1)]]) }) },
      // Eight bytes that read as eight digits.
      { value: node({ byUnsigned: new Map([[0x3837363534333231n, "a"], [2n ** 64n - 1n, "b"]]) }) },
      { value: { small: 1n }, refusedAt: "$.small" },
      {
        value: { byUnsigned: new Map<unknown, string>([[1, "a"], [1n, "b"]]) },
        refusedAt: "$.byUnsigned.entries[1].key",
      },
    ],
    "bigint beyond 64 bits": [{ value: { wide: 2n ** 63n }, refusedAt: "$.wide" }, {
      value: { id: -1n },
      refusedAt: "$.id",
    }],
    "bigint beyond all bounds": [{ value: { ids: [1n, 2n ** 8191n] }, refusedAt: "$.ids[1]" }],
    "Date": [{ value: { node: new Date(0) }, refusedAt: "$.node" }],
    "invalid Date": [{ value: { name: new Date(NaN) }, refusedAt: "$.name" }],
    "Uint8Array": [
      { value: node({ content: Uint8Array.of(1, 2), bySigned: new Map([[1n, new Uint8Array(500)]]) }) },
      { value: { content: [1, 2] }, refusedAt: "$.content" },
    ],
    "Buffer": [{ value: { proof: Buffer.from("a") }, becomes: node({ proof: Uint8Array.of(0x61) }) }],
    "ArrayBuffer": [{ value: { content: new ArrayBuffer(1) }, refusedAt: "$.content" }],
    "other typed array": [
      { value: { content: new Int8Array(1) }, refusedAt: "$.content" },
      { value: { samples: new Float32Array(1) }, refusedAt: "$.samples" },
    ],
    "array": [
      { value: node({ list: [node(), node({ list: [node()] })], lines: ["", "a"] }) },
      { value: [], refusedAt: "$" },
      { value: { lines: "a" }, refusedAt: "$.lines" },
    ],
    // deno-lint-ignore no-sparse-arrays -- what is tested
    "array with a hole": [{ value: { lines: ["a", , "b"] }, refusedAt: "$.lines[1]" }],
    "undefined in an array": [{ value: { list: [undefined] }, refusedAt: "$.list[0]" }],
    "undefined field": [{ value: { name: undefined, nothing: undefined }, becomes: node() }],
    "object without prototype": [{
      value: Object.assign(Object.create(null), { name: "a" }),
      becomes: node({ name: "a" }),
    }],
    "key __proto__": [
      { value: JSON.parse('{"__proto__":{"polluted":true}}'), refusedAt: "$.__proto__" },
      { value: node({ byName: new Map([["__proto__", node()], ["constructor", node({ name: "a" })]]) }) },
    ],
    "key of a form": [{ value: { "$rpc:date": "a" }, refusedAt: '$["$rpc:date"]' }],
    "class instance": [{ value: new Account(), refusedAt: "$" }, {
      value: { node: new Account() },
      refusedAt: "$.node",
    }],
    "object with toJSON": [{ value: { toJSON: () => ({}) }, refusedAt: "$.toJSON" }],
    "Map": [
      {
        value: node({
          byFlag: new Map<boolean, unknown>([[true, "BLUE"], [false, -9]]),
          byNumber: new Map([[2 ** 32 - 1, 0]]),
        }),
      },
      { value: { byName: { a: {} } }, refusedAt: "$.byName" },
      { value: { byFlag: new Map([["true", 0]]) }, refusedAt: "$.byFlag.entries[0].key" },
      {
        value: { byFlag: new Map<boolean, unknown>([[true, 0], [false, "PINK"]]) },
        refusedAt: "$.byFlag.entries[1].value",
      },
      { value: new Map(), refusedAt: "$" },
    ],
    "Set": [{ value: { lines: new Set(["a"]) }, refusedAt: "$.lines" }],
    "function": [{ value: { list: [{}, { name: () => {} }] }, refusedAt: "$.list[1].name" }],
    "symbol": [{ value: { name: Symbol("s") }, refusedAt: "$.name" }],
    "cycle": [{ value: { node: CYCLE }, refusedAt: "$.node.list[1]" }],
    "getter that throws": [{
      value: {
        get name(): never {
          throw new RangeError("not now");
        },
      },
      refusedAt: "$.name",
    }],
  },
  bodies: body,
  maxDepth: 101,
  nested(depth) {
    let chain = {};
    for (let level = 2; level < depth; level++) chain = { next: chain };
    return node({ chain });
  },
  nestedBytes: (depth) => chainBytes(depth - 1),
  hostile: Object.fromEntries(Object.entries(HOSTILE).map(([what, bytes]) => [what, Uint8Array.from(bytes)])),
});
