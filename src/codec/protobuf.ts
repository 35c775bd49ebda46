/**
 * Protobuf for contracts: the types are the contract's, method by method, so both ends and every other language
 * agree on them.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { protobuf } from "rocket-actors/codec/protobuf";
 *
 * const codec = protobuf(
 *   `syntax = "proto3";
 *    package bank;
 *    message QuoteRequest { int64 cents = 1; }
 *    message Quote { int64 fee = 1; repeated string notes = 2; }`,
 *   { quote: { input: "bank.QuoteRequest", output: "bank.Quote" } },
 * );
 *
 * const place = { contract: "bank.Payments", method: "quote", part: "output" } as const;
 * const body = codec.encode({ fee: 3n }, place);
 * assert.deepEqual(codec.decode(body, place), { fee: 3n, notes: [] });
 * ```
 *
 * @module
 */
import { util, Writer } from "../deps/protobufjs.ts";
import type { BodyPlace, Codec } from "./codec.ts";
import { EncodeWalk } from "./encode_walk.ts";
import type { MessageKind } from "./protobuf_message.ts";
import { MethodTypes, type ProtobufMethod } from "./protobuf_methods.ts";
import {
  type ProtobufDescriptor,
  type ProtobufRoot,
  type ProtobufSchema,
  Schema,
} from "./protobuf_schema.ts";

export type { BodyPlace, Codec, ProtobufDescriptor, ProtobufMethod, ProtobufRoot, ProtobufSchema };

/** How deep messages may lie within each other: as protobufjs and Java read them. */
const MAX_MESSAGES = util.recursionLimit + 1;

/**
 * What a message without a byte is sent as, since bodies have at least one: field 19000, a number that no .proto file
 * may use, with the value 0. Every reader skips it.
 */
const EMPTY_MESSAGE = Uint8Array.of(0xc0, 0xa3, 0x09, 0x00);

/**
 * Makes the codec of one contract, content type `application/protobuf`.
 *
 * 64-bit integers are bigints, and may be given as numbers that are safe integers; enums are the names of their
 * values; maps are Maps; bytes are `Uint8Array`. Fields without presence have their zero where nothing was sent, all
 * others are absent. A value with a field that its message lacks is refused, one of a later version is skipped when it
 * arrives.
 *
 * @param schema where the message types come from
 * @param methods the full names of the messages of each method of the contract
 * @returns a codec that needs the place of a body
 * @throws {TypeError} when the schema cannot be read, or a method names a message that it lacks
 */
export function protobuf(
  schema: ProtobufSchema,
  methods: Readonly<Record<string, ProtobufMethod>>,
): Codec {
  const types = new MethodTypes(new Schema(schema), methods);
  return Object.freeze({
    contentType: "application/protobuf",
    encode: (value: unknown, place?: BodyPlace) => encode(types.of(place, "encode"), value),
    decode: (bytes: Uint8Array, place?: BodyPlace) => decode(types.of(place, "decode"), bytes),
  });
}

function encode(kind: MessageKind, value: unknown): Uint8Array {
  const walk = new EncodeWalk("Protobuf", MAX_MESSAGES);
  try {
    const message = kind.toWire(value, walk);
    const bytes = kind.type.encode(message as Record<string, unknown>, new Writer()).finish(); // it made a message
    return bytes.length === 0 ? EMPTY_MESSAGE.slice() : bytes;
  } catch (error) {
    throw walk.refusal(error);
  }
}

function decode(kind: MessageKind, bytes: Uint8Array): unknown {
  try {
    return kind.fromWire(kind.type.decode(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot decode the body as Protobuf: ${reason}`, { cause: error });
  }
}
