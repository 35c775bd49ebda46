/**
 * Keys: calls of one key run in the order in which they were made, one at a time; calls of different keys run at
 * once. The key comes out of the input, and chooses the queue.
 *
 *     deno run -A examples/05_ordered_keys.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Ledger = defineService("bank.Ledger", {
  book: method<{ account: string; cents: number }, number>({
    idempotent: true,
    key: ({ account }) => account,
  }),
});

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });

const entries = new Map<string, number[]>();
await system.serve(Ledger, {
  book: async ({ account, cents }) => {
    const booked = entries.get(account) ?? [];
    entries.set(account, booked);
    await Promise.resolve(); // somebody else's turn: but nobody of this account's
    return booked.push(cents);
  },
});

const ledger = system.client(Ledger);
const calls = [1, 2, 3, 4].flatMap((cents) => ["a", "b"].map((account) => ledger.book({ account, cents })));
await Promise.all(calls);
for (const [account, booked] of [...entries].sort()) console.log(account, booked.join(" "));

// Prints:
// a 1 2 3 4
// b 1 2 3 4
