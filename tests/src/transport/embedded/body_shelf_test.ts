import assert from "node:assert/strict";
import fc from "fast-check";
import { BodyShelf } from "../../../../src/transport/embedded/body_shelf.ts";
import { SHELF_BYTES, SHELVED_BODY_BYTES } from "../../../../src/transport/embedded/defaults.ts";

Deno.test("BodyShelf keeps every body as it was, whatever came before and after", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: SHELVED_BODY_BYTES + 10 }), { maxLength: 60 });
  fc.assert(fc.property(sizes, (lengths) => {
    const shelf = new BodyShelf();
    const kept = lengths.map((length, index) => {
      const body = new Uint8Array(length).fill(index + 1);
      const copy = shelf.put(body);
      body.fill(0);
      return copy;
    });
    for (const [index, copy] of kept.entries()) {
      assert.equal(copy.length, lengths[index]);
      assert.ok(copy.every((byte) => byte === index + 1));
    }
  }));
});

Deno.test("BodyShelf puts small bodies side by side, and large ones by themselves", () => {
  const shelf = new BodyShelf();
  const [one, other, large] = [10, 20, SHELVED_BODY_BYTES + 1].map((length) =>
    shelf.put(new Uint8Array(length))
  );
  assert.equal(one?.buffer, other?.buffer);
  assert.equal(one?.buffer.byteLength, SHELF_BYTES);
  assert.equal(large?.buffer.byteLength, SHELVED_BODY_BYTES + 1);
});
