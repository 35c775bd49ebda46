import assert from "node:assert/strict";
import fc from "fast-check";
import { type Identified, IdTable } from "../../../src/collections/id_table.ts";

class Item implements Identified<Item> {
  readonly id: string;
  nextInBucket: Item | undefined = undefined;

  constructor(id: string) {
    this.id = id;
  }
}

Deno.test("IdTable finds what a Map would, whatever is added and deleted", () => {
  const id = fc.oneof(fc.string({ maxLength: 3 }), fc.nat(40).map((n) => `0199a0b2-1234-7abc-8def-${n}`));
  fc.assert(fc.property(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 400 }), (steps) => {
    const table = new IdTable<Item>();
    const model = new Map<string, Item>();
    for (const [id, remove] of steps) {
      const known = model.get(id);
      assert.equal(table.get(id), known);
      if (known === undefined) {
        const item = new Item(id);
        table.add(item);
        model.set(id, item);
      } else if (remove) {
        assert.ok(table.delete(known));
        assert.ok(!table.delete(known));
        assert.equal(known.nextInBucket, undefined);
        model.delete(id);
      }
      assert.equal(table.size, model.size);
    }
    assert.deepEqual(new Set(table.items()), new Set(model.values()));
  }));
});

Deno.test("IdTable finds each of many, and the latest of two with one id", () => {
  const table = new IdTable<Item>();
  const items = Array.from({ length: 5_000 }, (_, index) => new Item(`call-${index}`));
  const earlier = new Item("call-7");
  table.add(earlier);
  for (const item of items) table.add(item);
  assert.equal(table.size, 5_001);
  for (const item of items) assert.equal(table.get(item.id), item);
  const [, , , , , , , later] = items;
  assert.ok(later !== undefined && table.delete(later));
  assert.equal(table.get("call-7"), earlier);
});

Deno.test("IdTable takes nothing out that is not in it", () => {
  const table = new IdTable<Item>();
  table.add(new Item("a"));
  assert.ok(!table.delete(new Item("a")));
  assert.deepEqual([table.size, table.get("b")], [1, undefined]);
});

Deno.test("IdTable refuses what was chosen to stand in one place, and nothing that was not", () => {
  const table = new IdTable<Item>();
  const taken = Array.from({ length: 100 }, (_, index) => table.offer(new Item(`${1_000 + index}-same-end`)));
  assert.ok(taken.filter((one) => one).length === 8);
  const random = Array.from({ length: 10_000 }, () => table.offer(new Item(crypto.randomUUID())));
  assert.ok(random.filter((one) => !one).length < 10);
});
