import assert from "node:assert/strict";
import { createIds } from "../../../src/async/ids.ts";
import { isCallId } from "../../../src/envelope/call_id.ts";

Deno.test("isCallId lets our ids and those of plain requesters through, and nothing that could break a key", () => {
  const legal = [createIds({ now: () => 1 })(), "a", "x".repeat(64), "A.b_c:d-1"];
  for (const id of legal) assert.ok(isCallId(id), id);
  for (const id of [undefined, "", "x".repeat(65), "a b", "ü", "a\u0001", "a%20"]) {
    assert.ok(!isCallId(id), id);
  }
});
