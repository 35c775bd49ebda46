/**
 * A small bank: services and entities, a crashing actor, a poison request, and callers that learn what happened.
 *
 *     deno task demo                                  # in this process
 *     deno task demo --name-server 127.0.0.1:9876     # on RocketMQ
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, formatTree, RpcError } from "rocket-actors";
import { Account, Notices, Payments, Rates } from "./bank/contracts.ts";
import { AccountActor, notices, payments, rates } from "./bank/handlers.ts";
import { exampleTransport } from "./transport.ts";

const { transport, name, deadLetters } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
Deno.addSignalListener("SIGTERM", () => void system.close("SIGTERM"));

let connections = 0;
const told = Promise.withResolvers<string>();
await system.serve(Account, () => new AccountActor());
await system.serve(Payments, payments());
await system.serve(Rates, rates(() => connections++));
await system.serve(Notices, notices(told.resolve));
console.log(`The bank is open, on ${name}.`);

const accounts = system.client(Account);
const pay = system.client(Payments);

console.log("\n1. Typed calls, to a service and to entities");
await accounts.at("alice").deposit({ cents: 1_000 });
console.log(await pay.transfer({ from: "alice", to: "bob", cents: 300 }));
const { balance } = await accounts.at("alice").balance();
console.log(`alice has ${balance} left; her statement: ${await pay.statement("alice")}`);
await system.client(Notices).tell({ customer: "bob", text: "300 cents came in" });
console.log(`told ${await told.promise}`);

console.log("\n2. An actor that crashes is restarted, and its call goes on");
const feed = system.client(Rates);
for (let quote = 1; quote <= 4; quote++) await feed.rate("EUR/USD");
console.log(`4 rates came from ${connections} connections`);

console.log("\n3. What went wrong, exactly");
const attempts = {
  "more than there is": () => pay.transfer({ from: "alice", to: "bob", cents: 5_000 }),
  "not a payment": () => pay.transfer({ from: "alice", to: "bob", cents: -1 }),
  "poison": () => pay.transfer({ from: "alice", to: "poison", cents: 1 }),
  "too late": () => pay.transfer({ from: "alice", to: "bob", cents: 1 }, { signal: AbortSignal.abort() }),
};
for (const [what, attempt] of Object.entries(attempts)) {
  const failure = await attempt().then(() => undefined, RpcError.from);
  if (failure === undefined) continue;
  const reason = failure.is(Payments, "Declined") ? ` (${failure.details.reason})` : "";
  console.log(`${what}: ${failure.code}, ${failure.outcome}${reason}`);
}

console.log("\n4. The poison request is kept, with its reason");
for (const { method, reason } of await deadLetters(Payments)) console.log(`${method}: ${reason}`);

console.log("\n5. The tree");
console.log(formatTree(await system.tree()));

// Prints:
// The bank is open, on the embedded broker.
//
// 1. Typed calls, to a service and to entities
// { receipt: "alice-bob-300" }
// alice has 700 left; her statement: 300 to bob
// told bob: 300 cents came in
//
// 2. An actor that crashes is restarted, and its call goes on
// 4 rates came from 2 connections
//
// 3. What went wrong, exactly
// more than there is: failed_precondition, replied (4300 cents are missing)
// not a payment: invalid_argument, not_sent
// poison: internal, replied
// too late: cancelled, not_sent
//
// 4. The poison request is kept, with its reason
// transfer: handler crashed; attempts: 1
//
// 5. The tree
// …
