/**
 * Nested calls: a handler calls other services with what is left of its own time, and a circle of calls that
 * would wait for itself is refused instead of timing out.
 *
 *     deno run -A examples/11_nested_calls.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineEntity, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Rates = defineService("bank.Rates", { rate: method<void, number>({ safe: true }) });
const Quotes = defineService("bank.Quotes", { quote: method<number, number>({ safe: true }) });
const Account = defineEntity("bank.Account", { pay: method<string, string>() });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
let remaining = 0;
await system.serve(Rates, {
  rate: (_, ctx) => {
    remaining = ctx.remainingMs();
    return 2;
  },
});
await system.serve(Quotes, { quote: async (cents, ctx) => cents * await ctx.client(Rates).rate() });
await system.serve(Account, (key) => ({
  // Paying itself would wait for the call that is running.
  pay: (to, ctx) => to === key ? ctx.client(Account).at(to).pay(key) : `${key} paid ${to}`,
}));

console.log(await system.client(Quotes).quote(50, { timeoutMs: 1_000 }), remaining <= 1_000);
const accounts = system.client(Account);
console.log(await accounts.at("a").pay("b"));
try {
  await accounts.at("a").pay("a");
} catch (error) {
  console.log(RpcError.from(error).code);
}

// Prints:
// 100 true
// a paid b
// failed_precondition
