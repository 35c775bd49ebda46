import assert from "node:assert/strict";
import fc from "fast-check";
import { ItemBuffer } from "../../../src/client/item_buffer.ts";
import type { Item, StreamPart } from "../../../src/envelope/item.ts";

function item(seq: number, bytes = 1): Item {
  return { kind: "item", seq, type: "t", body: new Uint8Array(bytes) };
}

function end(seq: number): StreamPart {
  return { kind: "end", seq, reply: { id: "c1", ok: true, type: "t", body: undefined } };
}

function taken(buffer: ItemBuffer): number[] {
  const items: number[] = [];
  for (let next = buffer.take(); next !== undefined; next = buffer.take()) items.push(next.seq);
  return items;
}

Deno.test("ItemBuffer gives what came in order, each part once, whatever order it came in and how often", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 40 }),
    fc.infiniteStream(fc.nat()),
    fc.infiniteStream(fc.boolean()),
    (length, picks, takes) => {
      const buffer = new ItemBuffer(200, 10_000);
      const left: StreamPart[] = Array.from({ length }, (_, index) => item(index + 1));
      left.push(end(length + 1));
      const read: number[] = [];
      while (left.length > 0) {
        const at = picks.next().value % left.length;
        const part = left[at];
        if (part === undefined) continue;
        buffer.add(part);
        if (takes.next().value) read.push(...taken(buffer));
        // Some parts come again.
        if (takes.next().value) left.splice(at, 1);
      }
      assert.ok(buffer.end?.ok);
      read.push(...taken(buffer));
      assert.deepEqual(read, Array.from({ length }, (_, index) => index + 1));
      assert.deepEqual([buffer.next, buffer.hasGap, buffer.size], [length + 2, false, 0]);
    },
  ));
});

Deno.test("ItemBuffer says what a part was to those before it", () => {
  const buffer = new ItemBuffer(10, 100);
  assert.deepEqual([buffer.add(item(1)), buffer.add(item(1)), buffer.add(item(3)), buffer.add(item(3))], [
    "next",
    "again",
    "early",
    "again",
  ]);
  assert.deepEqual([buffer.next, buffer.hasGap, buffer.size], [2, true, 1]);
  assert.equal(buffer.add(item(2)), "next");
  assert.deepEqual([buffer.next, buffer.hasGap, buffer.size], [4, false, 3]);
  assert.equal(buffer.add(end(4)), "next");
  assert.equal(buffer.add(item(5)), "again");
});

Deno.test("ItemBuffer takes no more items and bytes than it holds, read or early, and takes on when they are read", () => {
  const few = new ItemBuffer(2, 100);
  assert.deepEqual([few.add(item(1)), few.add(item(3)), few.add(item(4))], ["next", "early", "too many"]);
  const small = new ItemBuffer(100, 10);
  assert.deepEqual([small.add(item(1, 6)), small.add(item(2, 5))], ["next", "too many"]);
  small.take();
  assert.equal(small.add(item(2, 5)), "next");
  small.clear();
  assert.deepEqual([small.size, small.add(item(3, 10))], [0, "next"]);
});
