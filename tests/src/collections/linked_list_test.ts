import assert from "node:assert/strict";
import fc from "fast-check";
import { type Linked, LinkedList } from "../../../src/collections/linked_list.ts";

class Item implements Linked<Item> {
  readonly name: number;
  previous: Item | undefined = undefined;
  next: Item | undefined = undefined;

  constructor(name: number) {
    this.name = name;
  }
}

Deno.test("LinkedList holds what an array would, whatever is appended and removed", () => {
  fc.assert(fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (steps) => {
    const list = new LinkedList<Item>();
    const model: Item[] = [];
    for (const [name, step] of steps.entries()) {
      const removed = step < 8 ? model[step] : undefined;
      if (removed === undefined) {
        const item = new Item(name);
        list.append(item);
        model.push(item);
      } else {
        list.remove(removed);
        model.splice(model.indexOf(removed), 1);
        assert.deepEqual([removed.previous, removed.next], [undefined, undefined]);
      }
      assert.equal(list.size, model.length);
      assert.equal(list.first, model[0]);
      assert.deepEqual([...list].map((item) => item.name), model.map((item) => item.name));
    }
  }));
});

Deno.test("LinkedList lets the item that was just given be removed", () => {
  const list = new LinkedList<Item>();
  for (const name of [1, 2, 3]) list.append(new Item(name));
  const seen: number[] = [];
  for (const item of list) {
    seen.push(item.name);
    list.remove(item);
  }
  assert.deepEqual([seen, list.size, list.first], [[1, 2, 3], 0, undefined]);
});
