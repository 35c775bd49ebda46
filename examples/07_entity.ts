/**
 * Entities: one actor per key, all its methods in one order, on one instance of the whole fleet at a time.
 *
 *     deno run -A examples/07_entity.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineEntity, type Handlers, method, RpcError, type } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Account = defineEntity("bank.Account", {
  deposit: method<{ cents: number }, { balance: number }>(),
  withdraw: method<{ cents: number }, { balance: number }>(),
}, { errors: { InsufficientFunds: type<{ missing: number }>() } });

class AccountActor implements Handlers<typeof Account> {
  #balance = 0;

  deposit: Handlers<typeof Account>["deposit"] = ({ cents }) => ({ balance: this.#balance += cents });

  withdraw: Handlers<typeof Account>["withdraw"] = ({ cents }, ctx) => {
    if (cents > this.#balance) throw ctx.error("InsufficientFunds", { missing: cents - this.#balance });
    return { balance: this.#balance -= cents };
  };
}

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
await system.serve(Account, () => new AccountActor(), { passivateAfterMs: 60_000 });

const accounts = system.client(Account);
const [a, b] = [accounts.at("acc-1"), accounts.at("acc-2")];
// Sent at once, run in this order: a key has one queue.
const results = await Promise.all([
  a.deposit({ cents: 500 }),
  a.withdraw({ cents: 200 }),
  b.deposit({ cents: 1 }),
]);
console.log(results.map(({ balance }) => balance).join(" "));
try {
  await a.withdraw({ cents: 1_000 });
} catch (error) {
  if (RpcError.is(error, Account, "InsufficientFunds")) console.log("short of", error.details.missing);
}

// Prints:
// 500 300 1
// short of 700
