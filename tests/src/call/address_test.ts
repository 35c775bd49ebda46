import assert from "node:assert/strict";
import { addressOf } from "../../../src/call/address.ts";

Deno.test("addressOf() names a service's method, whatever its key, and an entity's key, whatever the method", () => {
  assert.equal(addressOf("bank.Payments", "service", "transfer", undefined), "bank.Payments/transfer");
  assert.equal(addressOf("bank.Payments", "service", "transfer", "acc-1"), "bank.Payments/transfer");
  assert.equal(addressOf("bank.Account", "entity", "deposit", "acc-1"), "bank.Account@acc-1");
  assert.equal(addressOf("bank.Account", "entity", "balance", "acc-1"), "bank.Account@acc-1");
});

Deno.test("addressOf() gives no two actors one address", () => {
  const service = addressOf("a.B", "service", "c", undefined);
  assert.ok(["c", "/c", "b/c"].every((key) => addressOf("a.B", "entity", "c", key) !== service));
});
