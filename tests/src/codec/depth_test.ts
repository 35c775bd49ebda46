import assert from "node:assert/strict";
import { isTooDeep } from "../../../src/codec/depth.ts";

Deno.test("isTooDeep counts arrays and objects within each other", () => {
  let arrays: unknown = null;
  let objects: unknown = 1;
  for (let level = 0; level < 200; level++) {
    arrays = [1, arrays, "a"];
    objects = { a: 1, b: objects, c: null };
  }
  assert.ok(!isTooDeep(arrays));
  assert.ok(!isTooDeep(objects));
  assert.ok(isTooDeep([arrays]));
  assert.ok(isTooDeep({ objects }));
  assert.ok(!isTooDeep("a"));
});
