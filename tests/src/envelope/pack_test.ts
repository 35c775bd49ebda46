import assert from "node:assert/strict";
import fc from "fast-check";
import { decodePack, MAX_PACK_ENTRIES, type PackEntry } from "../../../src/envelope/pack.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { packOf } from "../../helpers/packs.ts";

/** Names and values are printable ASCII: whatever is not has been escaped before. */
const headerText = fc.string({ unit: "grapheme-ascii", maxLength: 12 });
const anyEntry: fc.Arbitrary<PackEntry> = fc.record({
  headers: fc.array(fc.tuple(headerText, headerText), { maxLength: 5 }).map((pairs) => new Map(pairs)),
  body: fc.uint8Array({ maxLength: 50 }),
}, { noNullPrototype: true });

function sample(): Uint8Array {
  return packOf([
    { headers: new Map([["rpc-id", "c1"], ["h-a", "b"]]), body: Uint8Array.of(1, 2, 3) },
    { headers: new Map([["rpc-id", "c2"]]), body: Uint8Array.of(4) },
  ]);
}

/** Decodes what may be garbage: either it is a pack, or it is refused in the one way that is promised. */
function decodes(bytes: Uint8Array): boolean {
  try {
    decodePack(bytes);
    return true;
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    assert.deepEqual([error.code, error.outcome], ["invalid_argument", "rejected"]);
    assert.match(error.message, /^Cannot open the pack: /);
    return false;
  }
}

Deno.test("decodePack reads what encodePack wrote, wherever its bytes lie", () => {
  fc.assert(fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 20 }), fc.nat(7), (entries, shift) => {
    const pack = packOf(entries);
    const around = new Uint8Array(pack.length + shift + 3);
    around.set(pack, shift);
    assert.deepEqual(decodePack(around.subarray(shift, shift + pack.length)), entries);
  }));
});

Deno.test("encodePack writes counts, lengths, heads and bodies as documented", () => {
  const heads = "rpc-id\x01c1\x02h-a\x01b\x02\x03rpc-id\x01c2\x02\x03";
  assert.deepEqual(
    sample(),
    Uint8Array.of(
      ...[0, 0, 0, 2, 0, 0, 0, heads.length, 0, 0, 0, 3, 0, 0, 0, 1],
      ...new TextEncoder().encode(heads),
      ...[1, 2, 3, 4],
    ),
  );
});

Deno.test("encodePack refuses a header that would move the boundaries", () => {
  for (const control of ["\x01", "\x02", "\x03", "é"]) {
    const headers = new Map([["a", control + "b"]]);
    assert.throws(() => packOf([{ headers, body: new Uint8Array() }]), {
      name: "TypeError",
      message: 'Cannot pack the header "a": its value is not printable ASCII',
    });
  }
});

Deno.test("decodePack refuses every truncation of a pack, and bytes behind it", () => {
  const pack = sample();
  for (let length = 0; length < pack.length; length++) assert.ok(!decodes(pack.subarray(0, length)));
  assert.ok(!decodes(Uint8Array.of(...pack, 0)));
});

Deno.test("decodePack survives every bit flip of a pack", () => {
  const pack = sample();
  for (let bit = 0; bit < pack.length * 8; bit++) {
    const flipped = pack.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    decodes(flipped);
  }
});

Deno.test("decodePack survives arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void decodes(bytes)), {
    numRuns: 2_000,
  });
});

Deno.test("decodePack refuses lengths before it allocates by them", () => {
  const words = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, index) => view.setUint32(index * 4, value));
    return new Uint8Array(view.buffer);
  };
  for (
    const claim of [
      words(0, 0),
      words(MAX_PACK_ENTRIES + 1, 0),
      words(0xffffffff, 0xffffffff),
      words(1, 0xffffffff, 0),
      words(1, 1, 0xffffffff, 0x03000000),
    ]
  ) assert.ok(!decodes(claim));
});
