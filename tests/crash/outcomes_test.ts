import assert from "node:assert/strict";
import { CODES } from "../../src/errors/code.ts";
import { OUTCOMES } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { OutcomeStage, type Produce } from "./outcome_stage.ts";
import { OUTCOME_TABLE, type OutcomeName } from "./outcomes.ts";
import { NOT_SENT } from "./outcomes_not_sent.ts";
import { RAN } from "./outcomes_ran.ts";
import { EXPIRED_OR_REJECTED } from "./outcomes_rejected.ts";
import { SENT_UNKNOWN } from "./outcomes_sent_unknown.ts";

/** How each row of the table comes about. */
const PRODUCE: Readonly<Record<OutcomeName, Produce>> = {
  ...NOT_SENT,
  ...SENT_UNKNOWN,
  ...EXPIRED_OR_REJECTED,
  ...RAN,
};

for (const [name, { code, outcome, when }] of Object.entries(OUTCOME_TABLE)) {
  Deno.test(`a call fails with ${code} / ${outcome}: ${name}: ${when}`, async () => {
    await using at = new OutcomeStage();
    const produce = PRODUCE[name as OutcomeName];
    assert.ok(produce !== undefined, `nothing produces "${name}"`);
    const produced = await produce(at);
    const failures = produced instanceof RpcError ? [produced] : produced;
    assert.ok(failures.length > 0);
    for (const failure of failures) {
      assert.equal(failure.outcome, outcome, failure.message);
      if (code !== "any") assert.equal(failure.code, code, failure.message);
    }
    if (code === "any") assert.deepEqual(failures.map((failure) => failure.code), CODES);
  });
}

Deno.test("the table of outcomes has every outcome", () => {
  const stated = new Set(Object.values(OUTCOME_TABLE).map(({ outcome }) => outcome));
  assert.deepEqual([...stated].sort(), [...OUTCOMES].sort());
});
