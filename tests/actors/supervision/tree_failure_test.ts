import assert from "node:assert/strict";
import { treeFailure } from "../../../actors/supervision/tree_failure.ts";

Deno.test("treeFailure makes a text of whatever was thrown, and cuts it", () => {
  const hostile = {
    toString: () => {
      throw new Error("no");
    },
  };
  const texts = [
    new Error("boom"),
    new TypeError(),
    "text",
    undefined,
    Symbol("s"),
    hostile,
    new Error("x".repeat(600)),
  ]
    .map((error) => treeFailure(error, 5).message);
  const long = texts.pop();
  assert.deepEqual(texts, [
    "boom",
    "TypeError",
    "text",
    "undefined",
    "Symbol(s)",
    "an error that has no text",
  ]);
  assert.equal(long?.length, 512);
});
