import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decode as plainDecode, encode as plainEncode } from "@msgpack/msgpack";
import fc from "fast-check";
import { msgpack } from "../../../src/codec/msgpack.ts";
import { hasSpecial } from "../../helpers/json_special.ts";

function hexOf(value: unknown): string {
  return Buffer.from(msgpack.encode(value)).toString("hex");
}

function fromHex(hex: string): unknown {
  return msgpack.decode(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

Deno.test("msgpack writes plain values as everybody does, and reads what everybody writes", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    if (hasSpecial(value)) return;
    const bytes = msgpack.encode(value);
    assert.deepStrictEqual(bytes, plainEncode(value));
    assert.deepStrictEqual(plainDecode(bytes), value);
  }));
  assert.equal(msgpack.contentType, "application/msgpack");
});

Deno.test("msgpack writes special values in MessagePack's own forms where it has one", () => {
  const forms: readonly (readonly [value: unknown, hex: string])[] = [
    [-0, "cb8000000000000000"],
    [[0, -0], "9200cb8000000000000000"],
    [NaN, "cb7ff8000000000000"],
    [-Infinity, "cbfff0000000000000"],
    [Uint8Array.of(1, 2), "c4020102"],
    [new Date(0), "d6ff00000000"],
    [new Date(1_500), "d7ff7735940000000001"],
    [new Date(-1), "c70cff3b8b87c0ffffffffffffffff"],
    [2n ** 63n, "cf8000000000000000"],
    [2n ** 53n, "cf0020000000000000"],
    [-(2n ** 63n), "d38000000000000000"],
    [2 ** 32, "cf0000000100000000"],
    [-(2 ** 32), "d3ffffffff00000000"],
    [2 ** 53, "cb4340000000000000"],
    [{ a: undefined, b: 1 }, "81a16201"],
  ];
  for (const [value, hex] of forms) assert.equal(hexOf(value), hex);
});

Deno.test("msgpack writes the rest as the documented extensions", () => {
  const forms: readonly (readonly [value: unknown, hex: string])[] = [
    [5n, "d40105"],
    [-1n, "d401ff"],
    [255n, "d50100ff"],
    [2n ** 64n, "c70901" + "010000000000000000"],
    [new Map<unknown, unknown>([["a", -0]]), "c70c02" + "92a161cb8000000000000000"],
    [new Set([1, 2]), "c70303" + "920102"],
    [[undefined], "91d40400"],
  ];
  for (const [value, hex] of forms) {
    assert.equal(hexOf(value), hex);
    assert.deepStrictEqual(fromHex(hex), value);
  }
});

Deno.test("msgpack reads integers of every width as numbers, and as bigints only where a number is not exact", () => {
  const integers: readonly (readonly [hex: string, value: unknown])[] = [
    ["d3 0000000000000005", 5],
    ["cf 0000000000000005", 5],
    ["d3 ffffffffffffffff", -1],
    ["d2 ffffffff", -1],
    ["cf 001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["cf 0020000000000000", 2n ** 53n],
    ["d3 ffe0000000000001", Number.MIN_SAFE_INTEGER],
    ["d3 ffe0000000000000", -(2n ** 53n)],
    ["cf ffffffffffffffff", 2n ** 64n - 1n],
    ["ca 3fc00000", 1.5],
    ["82 a161 d3 0000000000000001 a162 92 cf 0000000000000002 c403010203", {
      a: 1,
      b: [2, Uint8Array.of(1, 2, 3)],
    }],
  ];
  for (const [hex, value] of integers) assert.deepStrictEqual(fromHex(hex), value);
});

Deno.test("msgpack reads maps whose keys are integers, as other languages write them", () => {
  assert.deepStrictEqual(fromHex("83 05 01 d3ffffffffffffffff 02 cfffffffffffffffff 03"), {
    "5": 1,
    "-1": 2,
    "18446744073709551615": 3,
  });
});

Deno.test("msgpack cuts off what timestamps have beyond milliseconds", () => {
  assert.deepStrictEqual(fromHex("d7ff 003d08fc 00000000"), new Date(0));
  assert.deepStrictEqual(fromHex("c70cff 3b9328e0 ffffffffffffffff"), new Date(0));
});

Deno.test("msgpack says where a value has no form, and what is wrong with bytes", () => {
  assert.throws(() => msgpack.encode({ items: [1, { when: () => {} }] }), {
    name: "TypeError",
    message:
      "Cannot encode $.items[1].when as MessagePack: a function has no form in this codec, leave it out",
  });
  assert.throws(() => msgpack.encode(undefined), {
    name: "TypeError",
    message: "Cannot encode undefined as MessagePack: send no body instead",
  });
  assert.throws(() => fromHex("92 01"), {
    name: "TypeError",
    message: "Cannot decode the body as MessagePack: it ends within a value",
  });
});

Deno.test("msgpack goes on as before after a body that was large, and after one that was refused", () => {
  const large = { data: new Uint8Array(1_000_000).fill(7), also: "x".repeat(1_000_000) };
  assert.deepStrictEqual(msgpack.decode(msgpack.encode(large)), large);
  assert.throws(() => msgpack.encode(["a", -0, () => {}]), TypeError);
  assert.throws(() => msgpack.encode(new Map([["a", new Map([[-0, Symbol("s")]])]])), TypeError);
  assert.equal(hexOf(["a", -0]), "92a161cb8000000000000000");
});
