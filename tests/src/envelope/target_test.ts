import assert from "node:assert/strict";
import { readTarget, writeTarget } from "../../../src/envelope/target.ts";

Deno.test("readTarget reads what writeTarget wrote", () => {
  const target = { contract: "rocket.Health", method: "ping" };
  assert.equal(writeTarget(target), "rocket.Health/ping");
  assert.deepEqual(readTarget("rocket.Health/ping"), target);
});

Deno.test("readTarget finds no method where there is none", () => {
  for (const value of [undefined, "", "/", "a", "a/", "/b"]) {
    assert.equal(readTarget(value), undefined, value);
  }
});
