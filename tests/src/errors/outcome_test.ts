import assert from "node:assert/strict";
import { neverRan, OUTCOMES } from "../../../src/errors/outcome.ts";

Deno.test("neverRan holds for exactly the outcomes after which a second call is harmless", () => {
  assert.deepEqual(OUTCOMES.filter(neverRan), ["not_sent", "expired", "rejected"]);
});
