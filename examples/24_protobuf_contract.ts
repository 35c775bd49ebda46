/**
 * A contract that is a service in a .proto file, as other languages have it too. Its types are written by
 *
 *     deno task proto:types --root examples --out examples/protobuf/payments.ts protobuf/payments.proto
 *
 * and the program runs as the others do:
 *
 *     deno run -A examples/24_protobuf_contract.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, RpcError } from "rocket-actors";
import { Payments, type Transfer } from "./protobuf/payments.ts";
import { exampleTransport } from "./transport.ts";

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });

const balances = new Map([["alice", 900n]]);
const sent: Transfer[] = [];
const noticed = Promise.withResolvers<void>();
await system.serve(Payments, {
  quote: ({ cents, currency }) => ({ cents: cents / 100n + 1n, currency }), // 64-bit integers are bigints
  send: (transfer, ctx) => {
    const { from, amount, account, phone } = transfer;
    const cents = amount?.cents ?? 0n;
    const left = (balances.get(from) ?? 0n) - cents;
    if (left < 0n) throw ctx.error("InsufficientFunds", { missing: -left });
    balances.set(from, left);
    sent.push(transfer);
    return { id: `${from} to ${account ?? `phone ${phone}`}: ${cents}`, balances: new Map([["EUR", left]]) };
  },
  notify: ({ text, at }) => {
    console.log(`notice: ${text}, at ${at?.seconds}`);
    noticed.resolve();
  },
  *history({ id }) {
    for (const transfer of sent) if (transfer.from === id) yield transfer;
  },
});

const payments = system.client(Payments);
console.log(await payments.quote({ cents: 250 })); // what is left out is zero: EUR
console.log(await payments.send({ from: "alice", phone: "+41", amount: { cents: 500, currency: "EUR" } }));
const refused = await payments.send({ from: "alice", account: "b", amount: { cents: 500 } }).catch(
  RpcError.from,
);
if (RpcError.is(refused, Payments, "InsufficientFunds")) console.log(refused.details);
for await (const { from, amount } of payments.history({ id: "alice" })) console.log(from, amount?.cents);
await payments.notify({ text: "done", at: { seconds: 1 } });
await noticed.promise;

// Prints:
// { cents: 3n, currency: "EUR" }
// { id: "alice to phone +41: 500", balances: Map(1) { "EUR" => 400n } }
// { missing: 100n }
// alice 500n
// notice: done, at 1
