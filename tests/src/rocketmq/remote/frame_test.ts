import assert from "node:assert/strict";
import fc from "fast-check";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import {
  encodeFrame,
  FrameReader,
  MAX_FRAME_BYTES,
  writeFrame,
} from "../../../../src/rocketmq/remote/frame.ts";
import { Writer } from "../../../../src/bytes/writer.ts";
import { peerFrame } from "../../../fault/scripted_peer.ts";

function decodeAll(...chunks: Uint8Array[]): Command[] {
  const commands: Command[] = [];
  const reader = new FrameReader((command) => commands.push(command));
  for (const chunk of chunks) reader.push(chunk);
  assert.equal(reader.incomplete, false);
  return commands;
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

// The reference's vector, with this client's version, 441.
const BINARY = bytes(
  "00000025 01000021 0069 07 01b9 00000001 00000000 00000000 0000000c 0005 746f706963 00000001 54",
);
const JSON_HEADER =
  '{"code":200050,"language":"OTHER","version":441,"opaque":1,"flag":0,"extFields":{"topic":"T"}}';

Deno.test("encodeFrame() writes a binary header, to the byte", () => {
  assert.deepEqual(encodeFrame({ code: 105, flag: 0, opaque: 1, fields: { topic: "T" } }), BINARY);
});

Deno.test("encodeFrame() writes a JSON header when the code needs more than 16 bits", () => {
  const header = new TextEncoder().encode(JSON_HEADER);
  const expected = join(bytes("00000062 0000005e"), header);
  assert.equal(header.length, 0x5e);
  assert.deepEqual(encodeFrame({ code: 200_050, flag: 0, opaque: 1, fields: { topic: "T" } }), expected);
});

Deno.test("encodeFrame() writes remark and body", () => {
  const body = Uint8Array.of(1, 2, 3);
  const frame = encodeFrame({ code: 1, flag: 1, opaque: 7, fields: {}, remark: "no", body });
  const expected = "0000001e 01000017 0001 07 01b9 00000007 00000001 00000002 6e6f 00000000 010203";
  assert.deepEqual(frame, bytes(expected));
});

Deno.test("FrameReader decodes the reference's vectors of both serialisations", () => {
  const binary = bytes(
    "00000025 01000021 0069 07 01d9 00000001 00000000 00000000 0000000c 0005 746f706963 00000001 54",
  );
  const text = '{"code":105,"language":"OTHER","version":473,"opaque":1,"flag":0,"extFields":{"topic":"T"}}';
  const json = join(bytes("0000005f 0000005b"), new TextEncoder().encode(text));
  for (const command of decodeAll(binary, json)) {
    const { body, fields, ...rest } = command;
    assert.deepEqual(rest, {
      code: 105,
      flag: 0,
      opaque: 1,
      language: "OTHER",
      version: 473,
      remark: undefined,
    });
    assert.deepEqual({ ...fields }, { topic: "T" });
    assert.equal(body.length, 0);
  }
});

const outgoing = fc.record({
  code: fc.oneof(fc.integer({ min: 0, max: 0x7fff }), fc.integer({ min: 0x8000, max: 0x7fff_ffff })),
  flag: fc.integer({ min: 0, max: 3 }),
  opaque: fc.integer({ min: 0, max: 0x7fff_ffff }),
  remark: fc.option(fc.string({ minLength: 1, unit: "grapheme" }), { nil: undefined }),
  fields: fc.dictionary(fc.string({ unit: "grapheme", maxLength: 30 }), fc.string({ unit: "grapheme" })),
  body: fc.uint8Array({ maxLength: 200 }),
});

Deno.test("FrameReader decodes what encodeFrame() wrote, however it is cut into chunks", () => {
  fc.assert(fc.property(
    fc.array(outgoing, { minLength: 1, maxLength: 5 }),
    fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
    (commands, sizes) => {
      const stream = join(...commands.map((command) => encodeFrame(command)));
      const chunks: Uint8Array[] = [];
      for (let at = 0, index = 0; at < stream.length; index++) {
        const size = sizes[index % sizes.length] ?? 1;
        chunks.push(stream.slice(at, at + size));
        at += size;
      }
      const decoded = decodeAll(...chunks).map(({ code, flag, opaque, remark, fields, body }) => {
        return { code, flag, opaque, remark, fields: new Map(Object.entries(fields)), body };
      });
      const sent = commands.map((command) => ({
        ...command,
        fields: new Map(Object.entries(command.fields)),
      }));
      assert.deepEqual(decoded, sent);
    },
  ));
});

Deno.test("FrameReader takes a stream split at every byte", () => {
  const stream = join(
    BINARY,
    peerFrame({ code: 0, flag: 1, opaque: 2, fields: { a: "1" } }, Uint8Array.of(9)),
    BINARY,
  );
  const whole = decodeAll(stream);
  for (let at = 0; at <= stream.length; at++) {
    assert.deepEqual(decodeAll(stream.slice(0, at), stream.slice(at)), whole);
  }
});

Deno.test("FrameReader gives bodies that stay as they are when the chunk is used again", () => {
  const chunk = join(peerFrame({ code: 0, flag: 1, opaque: 1 }, Uint8Array.of(1, 2)), new Uint8Array(0));
  const [whole] = decodeAll(chunk);
  const commands: Command[] = [];
  const reader = new FrameReader((command) => commands.push(command));
  const buffer = new Uint8Array(8);
  for (let at = 0; at < chunk.length; at += buffer.length) {
    const part = chunk.subarray(at, at + buffer.length);
    buffer.set(part);
    reader.push(buffer.subarray(0, part.length));
    buffer.fill(0xee);
  }
  chunk.fill(0xee);
  assert.deepEqual([...whole?.body ?? []], [1, 2]);
  assert.deepEqual([...commands[0]?.body ?? []], [1, 2]);
});

Deno.test("FrameReader refuses a frame that is too large before it sets memory aside", () => {
  for (const length of ["ffffffff", "01000000", "00fffffd"]) {
    const reader = new FrameReader(() => assert.fail("no frame"));
    assert.throws(() => reader.push(bytes(length)), { name: "RangeError", message: /16777216/ });
  }
  const reader = new FrameReader(() => {});
  reader.push(bytes("00fffffc"));
  assert.equal(reader.incomplete, true);
  assert.throws(() => new FrameReader(() => {}, 40).push(bytes("00000025")), RangeError);
});

Deno.test("FrameReader refuses what is no frame", () => {
  const cases = {
    "shorter than its prefix": "00000003 000000",
    "header beyond the frame": "00000005 00000002 7b",
    "unknown serialize type": "00000006 02000002 7b7d",
    "not JSON": "00000006 00000002 7b7b",
    "no object": "00000006 00000002 5b5d",
    "no code": "00000006 00000002 7b7d",
    "binary header too short": "00000008 01000004 00690701",
    "ext fields beyond the header": "00000019 01000015 0069 07 01d9 00000001 00000000 00000000 0000000c",
    "ext field across its end":
      "0000001f 0100001b 0069 07 01d9 00000001 00000000 00000000 00000002 0001 61 00000001",
  };
  for (const [what, hex] of Object.entries(cases)) {
    const reader = new FrameReader(() => assert.fail(what));
    assert.throws(() => reader.push(bytes(hex)), Error, what);
  }
});

Deno.test("FrameReader hands on the good frames before a bad one", () => {
  const commands: Command[] = [];
  const reader = new FrameReader((command) => commands.push(command));
  assert.throws(() => reader.push(join(BINARY, bytes("00000003 000000"))), RangeError);
  assert.equal(commands.length, 1);
});

Deno.test("FrameReader takes any bytes without harm", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
    const reader = new FrameReader(() => {}, 4_096);
    try {
      for (const chunk of chunks) reader.push(chunk);
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  }));
});

Deno.test("FrameReader tolerates JSON headers of other writers", () => {
  const read = (header: unknown): Command | undefined => {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const frame = new Writer();
    frame.u32(json.length + 4);
    frame.u32(json.length);
    frame.raw(json);
    return decodeAll(frame.bytes())[0];
  };
  const bare = { code: 0, flag: 1, opaque: 5 };
  assert.deepEqual(read(bare)?.fields, {});
  assert.deepEqual(read({ ...bare, extFields: null })?.fields, {});
  const fields = { ...read({ ...bare, extFields: { a: 1, b: true, c: null, d: "x" } })?.fields };
  assert.deepEqual(fields, { a: "1", b: "true", d: "x" });
  for (const extFields of [[], "x", { a: {} }]) assert.throws(() => read({ ...bare, extFields }), TypeError);
  assert.throws(() => read({ ...bare, opaque: "5" }), TypeError);
});

Deno.test("writeFrame() refuses what servers would, and leaves the writer as it was", () => {
  const writer = new Writer();
  writer.u8(1);
  const command = { code: 10, flag: 0, opaque: 1, fields: {} };
  assert.throws(() => writeFrame(writer, { ...command, body: new Uint8Array(MAX_FRAME_BYTES) }), RangeError);
  assert.throws(() => writeFrame(writer, { ...command, fields: { ["x".repeat(40_000)]: "" } }), RangeError);
  assert.deepEqual([...writer.bytes()], [1]);
});
