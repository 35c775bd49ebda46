import assert from "node:assert/strict";
import { UntypedContracts } from "../../actors/untyped.ts";

Deno.test("UntypedContracts gives the same contract for the same names, and another for others", () => {
  const contracts = new UntypedContracts();
  const one = contracts.of("service", "bank.Payments", "transfer");
  assert.equal(contracts.of("service", "bank.Payments", "transfer"), one);
  assert.deepEqual([one.kind, one.name, Object.keys(one.methods), one.slots], [
    "service",
    "bank.Payments",
    ["transfer"],
    1,
  ]);
  assert.notEqual(contracts.of("service", "bank.Payments", "quote"), one);
  const entity = contracts.of("entity", "bank.Payments", "transfer");
  assert.deepEqual([entity.kind, entity === one], ["entity", false]);
});

Deno.test("UntypedContracts refuses names that no contract can have", () => {
  const contracts = new UntypedContracts();
  assert.throws(() => contracts.of("service", "bank-Payments", "transfer"), TypeError);
  assert.throws(() => contracts.of("entity", "bank.Payments", "then"), TypeError);
});

Deno.test("UntypedContracts remembers a bounded number", () => {
  const contracts = new UntypedContracts();
  const [first, last] = [contracts.of("service", "bank.Name0", "run"), 1_024];
  for (let index = 1; index < last; index++) contracts.of("service", `bank.Name${index}`, "run");
  assert.equal(contracts.of("service", "bank.Name0", "run"), first);
  contracts.of("service", `bank.Name${last}`, "run");
  assert.notEqual(contracts.of("service", "bank.Name0", "run"), first);
});
