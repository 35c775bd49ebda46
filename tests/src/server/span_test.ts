import assert from "node:assert/strict";
import fc from "fast-check";
import { Span } from "../../../src/server/span.ts";

interface Entry {
  readonly delivery: { readonly offset: number };
  settled: boolean;
}

function entry(offset: number): Entry {
  return { delivery: { offset }, settled: false };
}

Deno.test("Span is as wide as the queue from its first unsettled message on, holes included", () => {
  const span = new Span<Entry>();
  assert.deepEqual([span.open, span.width, span.head], [0, 0, undefined]);
  const entries = [entry(10), entry(11), entry(15)];
  for (const one of entries) span.add(one);
  assert.deepEqual([span.open, span.width, span.head], [3, 6, entries[0]]);
});

Deno.test("Span knows which messages hold settled ones back", () => {
  const span = new Span<Entry>();
  const [first, second, third] = [entry(0), entry(1), entry(2)];
  for (const one of [first, second, third]) span.add(one);
  const held = () => [first, second, third].map((one) => span.holdsBack(one));
  assert.deepEqual(held(), [false, false, false]);
  second.settled = true;
  span.settled(second);
  assert.deepEqual([span.open, span.width, held()], [2, 3, [true, false, false]]);
  first.settled = true;
  span.settled(first);
  assert.deepEqual([span.open, span.width, span.head, held()], [1, 1, third, [false, false, false]]);
});

Deno.test("Span agrees with a plain list, whatever is settled in which order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 4_000 }), (steps) => {
      const span = new Span<Entry>();
      const all: Entry[] = [];
      const open: Entry[] = [];
      for (const step of steps) {
        if (step % 3 === 0 && open.length > 0) {
          const [one] = open.splice(step % open.length, 1);
          assert.ok(one !== undefined);
          one.settled = true;
          span.settled(one);
        } else {
          const one = entry(all.length);
          all.push(one);
          open.push(one);
          span.add(one);
        }
      }
      const head = all.findIndex(({ settled }) => !settled);
      assert.equal(span.head, all[head]);
      assert.equal(span.open, open.length);
      assert.equal(span.width, head < 0 ? 0 : all.length - head);
      const last = all.findLastIndex(({ settled }) => settled);
      for (const [index, one] of all.entries()) {
        assert.equal(span.holdsBack(one), !one.settled && index < last);
      }
    }),
    { numRuns: 30 },
  );
});
