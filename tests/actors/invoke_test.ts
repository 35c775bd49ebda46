/** Calls without types, on an embedded broker. */
import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem, type System } from "../../actors/system.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { assertFails } from "../helpers/settled.ts";

const Payments = defineService("bank.Payments", {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method<{ from: string }, string>({ key: ({ from }) => from }),
  tell: method.oneway<string>(),
});
const Account = defineEntity("bank.Account", { balance: method<void, string>() });

async function bank(contexts: HandlerContext[] = []): Promise<System> {
  const system = await createSystem({ name: "bank", transport: embedded() });
  await system.serve(Payments, {
    quote: ({ cents }, context) => {
      contexts.push(context);
      return { fee: cents / 100 };
    },
    transfer: ({ from }) => from,
    tell: () => {},
  });
  await system.serve(Account, () => ({ balance: () => "rich" }));
  return system;
}

Deno.test("invoke() calls by the contract's value", async () => {
  const contexts: HandlerContext[] = [];
  await using system = await bank(contexts);
  const options = { headers: { tenant: "t1" }, timeoutMs: 3_000 };
  assert.deepEqual(await system.invoke({ contract: Payments, method: "quote" }, { cents: 500 }, options), {
    fee: 5,
  });
  assert.equal(contexts[0]?.headers.get("tenant"), "t1");
  assert.ok((contexts[0]?.remainingMs() ?? 0) <= 3_000);
  assert.equal(await system.invoke({ contract: Payments, method: "transfer" }, { from: "a" }), "a");
  assert.equal(await system.invoke({ contract: Account, method: "balance", key: "acc-1" }), "rich");
  const receipt = await system.invoke({ contract: Payments, method: "tell" }, "hello");
  assert.ok(typeof receipt === "object" && receipt !== null && "messageId" in receipt);
});

Deno.test("invoke() calls by name, a service or an entity", async () => {
  const broker = embeddedBroker();
  await using system = await createSystem({ name: "bank", transport: embedded(broker) });
  await system.serve(Payments, {
    quote: ({ cents }) => ({ fee: cents }),
    transfer: () => "",
    tell: () => {},
  });
  await system.serve(Account, () => ({ balance: () => "rich" }));
  const client = await createClient({ transport: embedded(broker) });
  const quotes = await Promise.all(
    [1, 2, 3].map((cents) => client.invoke({ contract: "bank.Payments", method: "quote" }, { cents })),
  );
  assert.deepEqual(quotes, [{ fee: 1 }, { fee: 2 }, { fee: 3 }]);
  assert.equal(await client.invoke({ contract: "bank.Account", method: "balance", key: "acc-1" }), "rich");
  // The proxy knows where keys belong, whoever has called before.
  assert.equal(await client.client(Payments).transfer({ from: "a" }), "");
  await client.close();
});

Deno.test("invoke() refuses what the contract does not have, before anything is sent", async () => {
  await using system = await bank();
  const wrong = [
    [{ contract: Payments, method: "steal" }, "unimplemented", /"bank.Payments" has no method "steal"/],
    [{ contract: Payments, method: "toString" }, "unimplemented", /has no method "toString"/],
    [{ contract: Payments, method: "quote", key: "k" }, "invalid_argument", /by a key: it is a service/],
    [{ contract: Account, method: "balance" }, "invalid_argument", /without a key: it is an entity/],
    [{ contract: Account, method: "balance", key: "" }, "invalid_argument", /Cannot use the key/],
    [{ contract: "bank-Payments", method: "quote" }, "invalid_argument", /its name must be/],
    [{ contract: "bank.Payments", method: "a b" }, "invalid_argument", /is no method name/],
  ] as const;
  for (const [target, code, message] of wrong) {
    assert.match((await assertFails(system.invoke(target, { cents: 1 }), code, "not_sent")).message, message);
  }
  const late = system.invoke({ contract: Payments, method: "quote" }, { cents: 1 }, { timeoutMs: 0 });
  await assertFails(late, "invalid_argument", "not_sent");
  // Programs without types pass anything.
  const nothing = undefined as unknown as typeof Payments;
  await assertFails(system.invoke({ contract: nothing, method: "quote" }), "invalid_argument", "not_sent");
});

Deno.test("invoke() learns from the callee that a method is not known", async () => {
  await using system = await bank();
  await assertFails(
    system.invoke({ contract: "bank.Payments", method: "steal" }),
    "unimplemented",
    "rejected",
  );
});

Deno.test("invoke() runs the interceptors of the system and its own", async () => {
  const order: string[] = [];
  await using system = await createSystem({
    name: "bank",
    transport: embedded(),
    interceptors: [(call, next) => (order.push(`system ${call.method}`), next(call))],
  });
  await system.serve(Account, () => ({ balance: () => "rich" }));
  const target = { contract: "bank.Account", method: "balance", key: "acc-1" };
  const interceptors = [() => (order.push("own"), "cached")];
  assert.equal(await system.invoke(target, undefined, { interceptors }), "cached");
  assert.deepEqual(order, ["system balance", "own"]);
});
