import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import protobufjs from "protobufjs";
import type { BodyPlace, Codec } from "rocket-actors";
import { protobuf } from "../../../src/codec/protobuf.ts";

const PLACE: BodyPlace = { contract: "test.Contract", method: "call", part: "input" };

/** A codec whose one body is the message `Test` of a file. */
function codecOf(file: string): Codec {
  return protobuf(file, { call: { input: "Test" } });
}

function hexOf(codec: Codec, value: unknown): string {
  return Buffer.from(codec.encode(value, PLACE)).toString("hex");
}

function fromHex(codec: Codec, hex: string): unknown {
  return codec.decode(Buffer.from(hex.replaceAll(" ", ""), "hex"), PLACE);
}

Deno.test("protobuf writes the bytes that the encoding's description shows", () => {
  const codec = codecOf(`
    syntax = "proto3";
    message Test { int32 a = 1; string b = 2; Inner c = 3; repeated int32 d = 4; sint32 e = 5; }
    message Inner { int32 a = 1; }
  `);
  assert.equal(codec.contentType, "application/protobuf");
  assert.equal(hexOf(codec, { a: 150 }), "089601");
  assert.equal(hexOf(codec, { b: "testing" }), "120774657374696e67");
  assert.equal(hexOf(codec, { c: { a: 150 } }), "1a03089601");
  assert.equal(hexOf(codec, { d: [3, 270, 86_942] }), "2206038e029ea705");
  assert.equal(hexOf(codec, { a: -2 }), "08feffffffffffffffff01");
  // Whatever the order in which the value has them.
  assert.equal(hexOf(codec, { e: -1, a: 1 }), "08012801");
});

Deno.test("protobuf reads and writes what protobufjs does", () => {
  const file = `
    syntax = "proto3";
    message Test { double a = 1; repeated float b = 2; map<string, bool> c = 3; oneof d { string e = 4; bytes f = 5; } }
  `;
  const codec = codecOf(file);
  const type = protobufjs.parse(file).root.lookupType("Test");
  const values = fc.record({
    a: fc.double(),
    b: fc.array(fc.float()),
    c: fc.dictionary(fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"), fc.boolean()),
    e: fc.string({ unit: "binary" }),
  });
  fc.assert(fc.property(values, (value) => {
    const theirs = type.encode(value).finish();
    const ours = { ...value, c: new Map(Object.entries(value.c)) };
    assert.deepStrictEqual(codec.decode(theirs, PLACE), ours);
    const read = type.toObject(type.decode(codec.encode(ours, PLACE)), { defaults: true });
    assert.deepEqual(read, { ...value, c: { ...value.c } });
  }));
});

Deno.test("protobuf sends a message without a byte as one that every reader skips", () => {
  const codec = codecOf('syntax = "proto3"; message Test { int32 a = 1; Test inner = 2; }');
  assert.equal(hexOf(codec, {}), "c0a30900");
  assert.equal(hexOf(codec, { a: 0 }), "c0a30900");
  assert.equal(hexOf(codec, { inner: {} }), "1200");
  assert.deepStrictEqual(fromHex(codec, "c0a30900"), { a: 0 });
  assert.deepStrictEqual(fromHex(codec, ""), { a: 0 });
  const { root } = protobufjs.parse('syntax = "proto3"; message Test { int32 a = 1; }');
  assert.deepEqual(root.lookupType("Test").decode(Uint8Array.of(0xc0, 0xa3, 0x09, 0)).toJSON(), {});
  // Nobody can spoil it for others.
  codec.encode({}, PLACE).fill(0xff);
  assert.equal(hexOf(codec, {}), "c0a30900");
});

Deno.test("protobuf skips fields of later versions, and fills in those that earlier ones lack", () => {
  const earlier = codecOf('syntax = "proto3"; message Test { int32 a = 1; }');
  const later = codecOf(`
    syntax = "proto3";
    message Test { int32 a = 1; int64 b = 2; optional int64 c = 3; Test d = 4; repeated string e = 5; map<int32, int32> f = 6; }
  `);
  const value = {
    a: 1,
    b: 2n,
    c: 0n,
    d: { a: 0, b: 0n, e: [], f: new Map() },
    e: ["x"],
    f: new Map([[1, 2]]),
  };
  assert.deepStrictEqual(earlier.decode(later.encode(value, PLACE), PLACE), { a: 1 });
  assert.deepStrictEqual(later.decode(earlier.encode({ a: 1 }, PLACE), PLACE), {
    a: 1,
    b: 0n,
    e: [],
    f: new Map(),
  });
});

Deno.test("protobuf follows the wire's rules for what is there twice", () => {
  const codec = codecOf(`
    syntax = "proto3";
    message Test { int32 a = 1; Test b = 2; repeated int32 c = 3; oneof d { int32 e = 4; string f = 5; } map<int32, int32> g = 6; }
  `);
  const read = fromHex(
    codec,
    "0801 0802  1202 0801 1202 1801  1801 1a020203  2001 2a0178  3204 0801 1001 3204 0801 1002",
  );
  const inner = { a: 1, c: [1], g: new Map() };
  assert.deepStrictEqual(read, { a: 2, b: inner, c: [1, 2, 3], f: "x", g: new Map([[1, 2]]) });
  // An entry without key or value has zeros.
  assert.deepStrictEqual(fromHex(codec, "3200"), { a: 0, c: [], g: new Map([[0, 0]]) });
});

Deno.test("protobuf reads keys of maps that were not sent as zero, of every type", () => {
  const keys = ["int32", "int64", "uint64", "sint64", "fixed64", "sfixed64", "bool", "string", "fixed32"];
  const zeros = [0, 0n, 0n, 0n, 0n, 0n, false, "", 0];
  for (const [index, key] of keys.entries()) {
    const codec = codecOf(`syntax = "proto3"; message Test { map<${key}, string> a = 1; }`);
    assert.deepStrictEqual(fromHex(codec, "0a00"), { a: new Map([[zeros[index], ""]]) }, key);
  }
});

Deno.test("protobuf keeps proto2's rules: required, defaults that are not filled in, groups, closed enums", () => {
  const codec = codecOf(`
    syntax = "proto2";
    enum Color { RED = 1; BLUE = 2; }
    message Test {
      required int32 a = 1;
      optional string b = 2 [default = "x"];
      optional Color c = 3;
      repeated group Row = 4 { optional int64 cents = 1; }
    }
  `);
  const value = { a: 0, c: "BLUE", row: [{ cents: 5n }, {}] };
  assert.equal(hexOf(codec, value), "0800180223080524 2324".replace(" ", ""));
  assert.deepStrictEqual(codec.decode(codec.encode(value, PLACE), PLACE), value);
  assert.throws(() => codec.encode({ b: "x" }, PLACE), {
    name: "TypeError",
    message: 'Cannot encode $ as Protobuf: Test requires the field "a"',
  });
  assert.throws(() => fromHex(codec, "120178"), { name: "TypeError", message: /missing required 'a'/ });
  assert.throws(() => codec.encode({ a: 1, c: 3 }, PLACE), /\$\.c as Protobuf: Color is closed/);
  assert.deepStrictEqual(fromHex(codec, "0801 1803"), { a: 1, row: [] });
});

Deno.test("protobuf keeps the rules of editions", () => {
  const codec = codecOf(`
    edition = "2023";
    message Test { int32 a = 1; int32 b = 2 [features.field_presence = IMPLICIT]; }
  `);
  assert.deepStrictEqual(fromHex(codec, ""), { b: 0 });
  assert.equal(hexOf(codec, { a: 0, b: 0 }), "0800");
});

Deno.test("protobuf gives enums as names, and as numbers where they have none", () => {
  const codec = codecOf(`
    syntax = "proto3";
    enum Color { option allow_alias = true; RED = 0; BLUE = 7; AZURE = 7; }
    message Test { Color a = 1; repeated Color b = 2; optional Color c = 3; }
  `);
  assert.deepStrictEqual(fromHex(codec, "0807 1203 00 07 09"), { a: "BLUE", b: ["RED", "BLUE", 9] });
  assert.equal(
    hexOf(codec, { a: "AZURE", b: [7, "RED", -1], c: 0 }),
    "0807" + "120c0700ffffffffffffffffff01" + "1800",
  );
  assert.throws(() => codec.encode({ a: "toString" }, PLACE), {
    message: "Cannot encode $.a as Protobuf: Color has no value of this name, but RED, BLUE, AZURE",
  });
  assert.throws(() => codec.encode({ a: 1.5 }, PLACE), /takes a name or number of Color, not a number$/);
});

Deno.test("protobuf carries fields whose names mean something to JavaScript", () => {
  const codec = codecOf(`
    syntax = "proto3";
    message Test { string constructor = 1; repeated string toString = 2; int32 hasOwnProperty = 3; Test toJSON = 4; }
  `);
  const value = { constructor: "a", toString: ["b"], hasOwnProperty: 1 };
  assert.deepStrictEqual(codec.decode(codec.encode({ ...value, toJSON: value }, PLACE), PLACE), {
    ...value,
    toJSON: value,
  });
  assert.deepStrictEqual(codec.decode(codec.encode({}, PLACE), PLACE), {
    constructor: "",
    toString: [],
    hasOwnProperty: 0,
  });
});

Deno.test("protobuf says which field is wrong, and what it takes", () => {
  const codec = codecOf(
    'syntax = "proto3"; message Test { uint32 a = 1; int64 b = 2; repeated Test c = 3; oneof d { bool e = 4; bool f = 5; } }',
  );
  const wrong: readonly (readonly [value: unknown, message: string])[] = [
    [{ a: -1 }, "$.a as Protobuf: uint32 takes whole numbers from 0 to 4294967295, not another number"],
    [
      { c: [{}, { b: "5" }] },
      "$.c[1].b as Protobuf: int64 takes a bigint from -9223372036854775808 to 9223372036854775807, or a number that is a safe integer, not a string",
    ],
    [{ c: [{ x: 1 }] }, "$.c[0].x as Protobuf: Test has no such field"],
    [{ e: true, f: false }, '$.f as Protobuf: another field of the oneof "d" is set too'],
    [[], "$ as Protobuf: Test takes a plain object, not an array"],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => codec.encode(value, PLACE), {
      name: "TypeError",
      message: `Cannot encode ${message}`,
    });
  }
});
