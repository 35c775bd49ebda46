import assert from "node:assert/strict";
import { Bound } from "../../../bench/express/bound.ts";

Deno.test("Bound.enter() gives out so many places, and those that were given back", () => {
  const bound = new Bound(2);
  assert.deepEqual([bound.enter(), bound.enter(), bound.enter()], [true, true, false]);
  bound.leave();
  assert.deepEqual([bound.enter(), bound.enter()], [true, false]);
});
