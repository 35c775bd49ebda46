import assert from "node:assert/strict";
import { shrink } from "../../testing/shrink.ts";

const ITEMS = Array.from({ length: 40 }, (_, index) => index);

Deno.test("shrink leaves only what it takes to fail, in order", async () => {
  const fails = (some: readonly number[]) =>
    Promise.resolve([3, 17, 31].every((item) => some.includes(item)));
  assert.deepEqual(await shrink(ITEMS, fails), [3, 17, 31]);
});

Deno.test("shrink leaves nothing where nothing is needed, and all where all is", async () => {
  assert.deepEqual(await shrink(ITEMS, () => Promise.resolve(true)), []);
  assert.deepEqual(await shrink(ITEMS, () => Promise.resolve(false)), ITEMS);
});

Deno.test("shrink asks no more often than it may", async () => {
  let asked = 0;
  await shrink(ITEMS, () => Promise.resolve(asked++ < 0), 7);
  assert.equal(asked, 7);
});
