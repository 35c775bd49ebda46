import assert from "node:assert/strict";
import protobufjs from "protobufjs";
import { Schema } from "../../../src/codec/protobuf_schema.ts";
import { protobuf, type ProtobufSchema } from "../../../src/codec/protobuf.ts";

const PLACE = { contract: "bank.Payments", method: "quote", part: "input" } as const;
const TIMES =
  'syntax = "proto3"; package bank; import "google/protobuf/timestamp.proto"; message Time { google.protobuf.Timestamp paid_at = 1; }';
const QUOTE =
  'syntax = "proto3"; package bank; import "times.proto"; message Quote { Time time = 1; int64 fee_cents = 2; }';

function roundTrip(schema: ProtobufSchema, type: string, value: unknown): unknown {
  const codec = protobuf(schema, { quote: { input: type } });
  return codec.decode(codec.encode(value, PLACE), PLACE);
}

Deno.test("Schema reads several files that import each other, and protobufjs's own", () => {
  const value = { time: { paidAt: { seconds: 5n, nanos: 7 } }, feeCents: 1n };
  for (const files of [[QUOTE, TIMES], [TIMES, QUOTE]]) {
    assert.deepStrictEqual(roundTrip(files, "bank.Quote", value), value);
  }
  assert.deepEqual(new Schema([QUOTE, TIMES]).names, [
    "bank.Quote",
    "bank.Time",
    "google.protobuf.Timestamp",
  ]);
  assert.ok(new Schema(TIMES).message("google.protobuf.Timestamp"));
});

Deno.test("Schema reads what protobufjs has read already, and its JSON", () => {
  const { root } = protobufjs.parse(
    'syntax = "proto2"; package bank; enum Color { RED = 1; } message Quote { required int64 fee_cents = 2; optional Color color = 3; }',
    { keepCase: true },
  );
  const value = { fee_cents: 1n, color: "RED" };
  const descriptor: { nested: Record<string, unknown> } = JSON.parse(JSON.stringify(root));
  const before = structuredClone(descriptor);
  for (const schema of [root, descriptor]) {
    assert.deepStrictEqual(roundTrip(schema, "bank.Quote", value), value);
    // proto2 has survived: a field is required, the enum is closed.
    assert.throws(() => roundTrip(schema, "bank.Quote", {}), /requires the field "fee_cents"$/);
    assert.throws(() => roundTrip(schema, "bank.Quote", { fee_cents: 1, color: 9 }), /is closed/);
  }
  assert.deepStrictEqual(descriptor, before);
});

Deno.test("Schema does not change a descriptor that protobufjs would tidy up", () => {
  const list = { type: "A", id: 1, rule: "repeated", options: { packed: true } };
  const descriptor = { nested: { A: { fields: { list } } } };
  const before = structuredClone(descriptor);
  assert.ok(new Schema(descriptor).message("A"));
  assert.deepStrictEqual(descriptor, before);
});

Deno.test("Schema makes messages that are parts of themselves", () => {
  const file =
    'syntax = "proto3"; message Tree { Tree left = 1; map<string, Tree> others = 2; Twig twig = 3; } message Twig { Tree tree = 1; }';
  const value = {
    left: { others: new Map() },
    others: new Map([["a", { others: new Map() }]]),
    twig: { tree: { others: new Map() } },
  };
  assert.deepStrictEqual(roundTrip(file, "Tree", value), value);
});

Deno.test("Schema says what is wrong with a schema", () => {
  const wrong: readonly (readonly [schema: unknown, message: RegExp])[] = [
    ["message", /^Cannot read the Protobuf schema: illegal/],
    ['syntax = "proto3";\nmessage A { B b = 1; }', /no such Type or Enum 'B'/],
    [[QUOTE], /no such Type or Enum 'Time'/],
    [['syntax = "proto3"; message A {}', 5], /its parts must be texts of \.proto files$/],
    [
      undefined,
      /it must be the text of a \.proto file, several, or a Root or JSON descriptor of protobufjs$/,
    ],
    [{}, /it must be the text/],
    [{ nested: null }, /it must be the text/],
    [{ nested: { A: { fields: { a: { id: 1, type: 5 } } } } }, /^Cannot read the Protobuf schema: /],
    [{ toJSON: () => "text" }, /it must be the text/],
    ['syntax = "proto3"; message A { int32 a = 1; int32 b = 1; }', /duplicate id 1/],
  ];
  for (const [schema, message] of wrong) {
    // What is wrong is not of the type either.
    assert.throws(() => new Schema(schema as ProtobufSchema), { name: "TypeError", message });
  }
});

Deno.test("Schema follows messages that name each other, thousands of them", () => {
  const names = Array.from({ length: 2_000 }, (_, index) => `M${index}`);
  const messages = names.map((name, index) => `message ${name} { ${names[index + 1] ?? "int32"} next = 1; }`);
  const file = `syntax = "proto3"; ${messages.join("\n")}`;
  assert.deepStrictEqual(roundTrip(file, "M1998", { next: { next: 5 } }), { next: { next: 5 } });
  assert.deepStrictEqual(roundTrip(file, "M0", { next: {} }), { next: {} });
});
