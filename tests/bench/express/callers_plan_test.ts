import assert from "node:assert/strict";
import { parseReport } from "../../../bench/express/callers_plan.ts";

const REPORT = { calls: 3, failed: 1, slowestMs: 10_012.5, heldMs: 10_012.5, unanswered: 32 };

Deno.test("parseReport() reads what callers report, and nothing else", () => {
  assert.deepEqual(parseReport(JSON.stringify(REPORT)), REPORT);
  for (const name of Object.keys(REPORT)) {
    const line = JSON.stringify({ ...REPORT, [name]: undefined });
    assert.throws(() => parseReport(line), { name: "TypeError", message: new RegExp(`"${name}"`) });
  }
  assert.throws(() => parseReport("null"), TypeError);
});
