import assert from "node:assert/strict";
import { mayHaveMoved, mayTryAgain } from "../../../src/client/retry.ts";
import { CODES } from "../../../src/errors/code.ts";
import { type Outcome, OUTCOMES } from "../../../src/errors/outcome.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";

function pairs(wanted: (error: RpcError) => boolean): readonly string[] {
  return CODES.flatMap((code) =>
    OUTCOMES.filter((outcome: Outcome) => wanted(new RpcError(code, "No", { outcome })))
      .map((outcome) => `${code} ${outcome}`)
  );
}

Deno.test("mayTryAgain() takes failures that pass where nothing ran, or running twice does no harm", () => {
  const certain = [
    "resource_exhausted not_sent",
    "resource_exhausted expired",
    "resource_exhausted rejected",
    "unavailable not_sent",
    "unavailable expired",
    "unavailable rejected",
  ];
  assert.deepEqual(pairs((error) => mayTryAgain(error, false)), certain);
  assert.deepEqual(
    new Set(pairs((error) => mayTryAgain(error, true))),
    new Set([...certain, "resource_exhausted sent_unknown", "unavailable sent_unknown"]),
  );
});

Deno.test("mayHaveMoved() takes the refusal of a callee with another queue plan", () => {
  assert.deepEqual(pairs(mayHaveMoved), ["failed_precondition rejected"]);
});
