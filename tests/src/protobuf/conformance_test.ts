/**
 * Bodies of the contract, against those of another Protobuf library, whose types come from protoc:
 *
 *     cd tests/src/protobuf
 *     protoc -I . -I FOLDER_OF_rocket_actors/options.proto --include_imports -o fixtures/kinds.binpb fixtures/kinds.proto
 */
import assert from "node:assert/strict";
import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { COLOURS, EMPTY, EVERYTHING, withoutZeros } from "./fixtures/everything.ts";
import { Kinds } from "./fixtures/kinds.ts";

const PLACE = { contract: "kinds.v1.Kinds", method: "echo", part: "input" } as const;
const registry = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    await Deno.readFile(new URL("fixtures/kinds.binpb", import.meta.url)),
  ),
);
const schema = typeOf(registry, "kinds.v1.Everything");
const NAMES = new Map([...COLOURS].map(([name, number]) => [number, name]));

Deno.test("contractFromProto reads what another library wrote", () => {
  fc.assert(fc.property(EVERYTHING, (value) => {
    const body = toBinary(schema, theirs(schema, value));
    assert.deepStrictEqual(Kinds.codec.decode(body, PLACE), value);
  }));
});

Deno.test("contractFromProto writes what another library reads", () => {
  fc.assert(fc.property(EVERYTHING, (value) => {
    const read = fromBinary(schema, Kinds.codec.encode(value, PLACE), { readUnknownFields: false });
    assert.deepStrictEqual(ours(schema, read), value);
  }));
});

Deno.test("contractFromProto takes what is zero as left out", () => {
  fc.assert(fc.property(EVERYTHING, (value) => {
    const read = fromBinary(schema, Kinds.codec.encode(withoutZeros(value), PLACE));
    assert.deepStrictEqual(ours(schema, read), value);
  }));
});

Deno.test("contractFromProto sends an empty message as one that another library reads as empty", () => {
  const body = Kinds.codec.encode({}, PLACE);
  assert.ok(body.length > 0);
  assert.deepStrictEqual(ours(schema, fromBinary(schema, body)), EMPTY);
  assert.deepStrictEqual(Kinds.codec.decode(toBinary(schema, create(schema)), PLACE), EMPTY);
});

Deno.test("contractFromProto keeps JSON-like values of google.protobuf.Struct", () => {
  const struct = {
    fields: new Map<string, unknown>([
      ["text", { stringValue: "a" }],
      ["list", { listValue: { values: [{ numberValue: 1.5 }, { nullValue: "NULL_VALUE" }] } }],
      ["flag", { boolValue: false }],
    ]),
  };
  const body = Kinds.codec.encode({ struct }, PLACE);
  const read = fromBinary(schema, body);
  const plain = Reflect.get(read, "struct");
  assert.deepEqual(plain, { text: "a", list: [1.5, null], flag: false });
  assert.deepStrictEqual(Kinds.codec.decode(toBinary(schema, read), PLACE), { ...EMPTY, struct });
});

function typeOf(types: FileRegistry, name: string): DescMessage {
  const found = types.getMessage(name);
  assert.ok(found !== undefined, name);
  return found;
}

/** A value of ours as a message of theirs: enums are numbers, maps are objects, a oneof is one property. */
function theirs(type: DescMessage, value: object): Message {
  const init: Record<string, unknown> = {};
  for (const field of type.fields) {
    const content: unknown = Reflect.get(value, field.localName);
    if (content === undefined) continue;
    const converted = theirContent(field, content);
    if (field.oneof === undefined) init[field.localName] = converted;
    else init[field.oneof.localName] = { case: field.localName, value: converted };
  }
  return create(type, init as never); // its type is not known where the schema is not
}

function theirContent(field: DescField, content: unknown): unknown {
  if (field.fieldKind === "list") {
    assert.ok(Array.isArray(content));
    return content.map((item) => theirOne(field.listKind, field.enum, field.message, item));
  }
  if (field.fieldKind !== "map") return theirOne(field.fieldKind, field.enum, field.message, content);
  assert.ok(content instanceof Map);
  const entries = [...content].map(([key, item]) => {
    return [String(key), theirOne(field.mapKind, field.enum, field.message, item)];
  });
  return Object.fromEntries(entries);
}

function theirOne(
  kind: string,
  enumeration: unknown,
  message: DescMessage | undefined,
  content: unknown,
): unknown {
  if (enumeration !== undefined) return COLOURS.get(content);
  if (message === undefined || message.typeName === "google.protobuf.StringValue") {
    // They unwrap wrappers.
    return kind === "message" && content !== null ? Reflect.get(Object(content), "value") : content;
  }
  return theirs(message, Object(content));
}

/** A message of theirs as the codec gives it. */
function ours(type: DescMessage, message: object): object {
  const value: Record<string, unknown> = {};
  for (const field of type.fields) {
    const content = ourContent(field, message);
    if (content !== undefined) value[field.localName] = content;
  }
  return value;
}

function ourContent(field: DescField, message: object): unknown {
  if (field.oneof !== undefined) {
    const chosen: unknown = Reflect.get(message, field.oneof.localName);
    const { case: name, value } = Object(chosen);
    return name === field.localName ? ourOne(field.enum, field.message, value) : undefined;
  }
  // Fields that may be absent are on the prototype then.
  const there = Object.hasOwn(message, field.localName);
  const content: unknown = there ? Reflect.get(message, field.localName) : undefined;
  if (content === undefined) return undefined;
  if (field.fieldKind === "list") {
    assert.ok(Array.isArray(content));
    return content.map((item) => ourOne(field.enum, field.message, item));
  }
  if (field.fieldKind !== "map") return ourOne(field.enum, field.message, content);
  const entries = Object.entries(Object(content)).map(([key, item]) => {
    return [ourKey(field, key), ourOne(field.enum, field.message, item)] as const;
  });
  return new Map(entries);
}

function ourKey(field: DescField, key: string): unknown {
  if (field.name === "by_int64") return BigInt(key);
  if (field.name === "by_bool") return key === "true";
  return field.name === "by_fixed32" ? Number(key) : key;
}

function ourOne(enumeration: unknown, message: DescMessage | undefined, content: unknown): unknown {
  if (enumeration !== undefined) return NAMES.get(Number(content));
  if (message === undefined) return content;
  if (message.typeName === "google.protobuf.StringValue") return { value: content };
  return ours(message, Object(content));
}
