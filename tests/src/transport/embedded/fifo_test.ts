import assert from "node:assert/strict";
import { Fifo } from "../../../../src/transport/embedded/fifo.ts";

Deno.test("Fifo gives back in the order in which it was given, and counts", () => {
  const fifo = new Fifo<number>();
  let next = 0;
  let given = 0;
  // Grows and shrinks across the length at which its array is made anew.
  for (const [pushes, shifts] of [[5_000, 1_500], [100, 3_000], [3_000, 3_600]] as const) {
    for (let count = 0; count < pushes; count++) fifo.push(given++);
    for (let count = 0; count < shifts; count++) assert.equal(fifo.shift(), next++);
    assert.equal(fifo.size, given - next);
  }
  assert.equal(fifo.shift(), undefined);
  assert.equal(fifo.size, 0);
  fifo.push(7);
  assert.equal(fifo.shift(), 7);
});
