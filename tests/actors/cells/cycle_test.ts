import assert from "node:assert/strict";
import { cycle, placeOf, timesInChain } from "../../../actors/cells/cycle.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";

function nested(...chain: readonly string[]): FakeCall {
  return Object.assign(new FakeCall("a"), { chain });
}

Deno.test("placeOf names the method, its key where calls of it wait for one another, and of an entity its key", () => {
  const service = { name: "bank.Payments", kind: "service" } as const;
  const entity = { name: "bank.Account", kind: "entity" } as const;
  assert.equal(placeOf(service, "transfer"), "bank.Payments/transfer");
  assert.equal(placeOf(service, "transfer", "acc-1"), "bank.Payments/transfer@acc-1");
  assert.equal(placeOf(entity, "deposit", "acc-1"), "bank.Account@acc-1");
});

Deno.test("timesInChain counts a method with whatever key, and no other", () => {
  const call = nested("bank.A/x", "bank.A/x@k", "bank.A/xy", "bank.A", "bank.B/x");
  assert.deepEqual([timesInChain(call, "bank.A/x"), timesInChain(call, "bank.A/y")], [2, 0]);
});

Deno.test("cycle names the path from where it began", () => {
  const paths: readonly (readonly [readonly string[], string, string])[] = [
    [["top.Z/z", "bank.A/x", "bank.B/y"], "bank.A/x", "bank.A/x -> bank.B/y -> bank.A/x"],
    [["bank.A/x@k", "bank.B/y"], "bank.A/x", "bank.A/x@k -> bank.B/y -> bank.A/x"],
    [["bank.E@k@x", "bank.E@k", "bank.B/y"], "bank.E@k", "bank.E@k -> bank.B/y -> bank.E@k"],
  ];
  for (const [chain, place, path] of paths) {
    const error = cycle(nested(...chain), place);
    assert.deepEqual([error.code, error.outcome, error.message], [
      "failed_precondition",
      "rejected",
      `The call would wait for itself: ${path}`,
    ]);
  }
});
