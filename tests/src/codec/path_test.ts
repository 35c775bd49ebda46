import assert from "node:assert/strict";
import { Path } from "../../../src/codec/path.ts";

function pathOf(...segments: readonly (string | number)[]): string {
  const path = new Path();
  for (const segment of segments) path.push(segment);
  return path.toString();
}

Deno.test("Path shows properties and items", () => {
  assert.equal(pathOf(), "$");
  assert.equal(pathOf("items", 3, "when"), "$.items[3].when");
  assert.equal(pathOf("", "a b", "1", '"'), '$[""]["a b"]["1"]["\\""]');
  assert.equal(pathOf("\ud800"), '$["\\ud800"]');
});

Deno.test("Path forgets what was popped", () => {
  const path = new Path();
  path.push("a");
  path.push(1);
  path.pop();
  path.push(2);
  assert.equal(String(path), "$.a[2]");
});

Deno.test("Path stays short, whatever its length and keys", () => {
  const long = pathOf(...Array.from({ length: 200 }, (_, index) => index));
  assert.equal(long.split("…").length, 2);
  assert.match(long, /^\$\[0\]\[1\].*\[198\]\[199\]$/);
  assert.ok(pathOf(..."ab".repeat(100).split("").map((key) => key.repeat(1_000))).length < 2_000);
});
