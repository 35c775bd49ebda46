import assert from "node:assert/strict";
import { memoryStore } from "../../../src/store/memory_store.ts";
import { checkStore, retentionOf } from "../../../src/store/outcome_store.ts";

Deno.test("checkStore lets stores through, and nothing else that is given", () => {
  checkStore(undefined);
  checkStore(memoryStore());
  for (const wrong of [null, {}, "outcomes.db", { ...memoryStore(), find: 1 }, () => memoryStore()]) {
    assert.throws(() => checkStore(wrong), {
      name: "TypeError",
      message: /^Cannot use 'store': write memoryStore\(\)/,
    });
  }
});

Deno.test("retentionOf fills in what is left out", () => {
  const defaults = { maxOutcomes: 10, maxBytes: 20 };
  assert.deepEqual(retentionOf({}, defaults), { keepMs: 86_400_000, ...defaults });
  assert.deepEqual(retentionOf({ keepMs: 1, maxOutcomes: 2, maxBytes: 3 }, defaults), {
    keepMs: 1,
    maxOutcomes: 2,
    maxBytes: 3,
  });
});
