import assert from "node:assert/strict";
import { Seeded } from "../../testing/seeded.ts";

function numbers(seeded: Seeded, count = 5): number[] {
  return Array.from({ length: count }, () => seeded.int(0, 1_000_000));
}

Deno.test("Seeded gives the same numbers for the same seed and name, and others for others", () => {
  assert.deepEqual(numbers(new Seeded(7, "a")), numbers(new Seeded(7, "a")));
  assert.notDeepEqual(numbers(new Seeded(7, "a")), numbers(new Seeded(7, "b")));
  assert.notDeepEqual(numbers(new Seeded(7, "a")), numbers(new Seeded(8, "a")));
});

Deno.test("Seeded forks do not depend on what was drawn before", () => {
  const one = new Seeded(1);
  const other = new Seeded(1);
  numbers(other);
  assert.deepEqual(numbers(one.fork("x")), numbers(other.fork("x")));
});

Deno.test("Seeded draws evenly enough, and within its bounds", () => {
  const seeded = new Seeded(3);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw++) {
    const at = seeded.int(0, 9);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  for (const count of counts) assert.ok(count > 850 && count < 1_150, `${counts}`);
  const bytes = new Uint8Array(1_000);
  seeded.bytes(bytes);
  assert.ok(new Set(bytes).size > 200);
  assert.throws(() => seeded.pick([]), RangeError);
});
