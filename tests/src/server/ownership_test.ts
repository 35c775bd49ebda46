import assert from "node:assert/strict";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { checkOwnership } from "../../../src/server/ownership.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";

const { capabilities } = new FakeTransport();
const OWNED = { ...capabilities, ownedPartitions: true, orderedKeys: true };
const SHARED = { ...OWNED, ownedPartitions: false, ownership: "perMessage" } as const;
const Keyed = defineService("bank.Payments", {
  quote: method<string, string>(),
  transfer: method<string, string>({ key: (from) => from }),
});
const Account = defineEntity("bank.Account", { deposit: method<string, string>() });

Deno.test("checkOwnership lets everything be served where instances own their queues", () => {
  checkOwnership(Keyed, OWNED, ["quote", "transfer"]);
  checkOwnership(Account, OWNED);
});

Deno.test("checkOwnership lets keys be ordered, and actors without keys keep state, where nobody owns a queue", () => {
  checkOwnership(Keyed, SHARED);
  checkOwnership(Keyed, SHARED, ["quote"]);
});

Deno.test("checkOwnership refuses state by key where nobody owns a queue, and says what to use instead", () => {
  assert.throws(
    () => checkOwnership(Account, SHARED),
    /"bank.Account" .* no instance owns a key of the entity; define a service whose methods have a 'key'/,
  );
  assert.throws(
    () => checkOwnership(Keyed, SHARED, ["transfer"]),
    /the actor\(\) of "transfer" keeps state of; write a function/,
  );
});

Deno.test("checkOwnership refuses keys where the transport keeps no order", () => {
  const unordered = { ...SHARED, orderedKeys: false };
  assert.throws(
    () => checkOwnership(Keyed, unordered),
    /which "transfer" asks for; make its topic one with message groups/,
  );
  assert.throws(() => checkOwnership(Keyed, { ...OWNED, orderedKeys: false }), { name: "TypeError" });
});
