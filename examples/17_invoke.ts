/**
 * Calls without types, for command lines and gateways: by the contract, or by its name alone.
 *
 *     deno run -A examples/17_invoke.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineEntity, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Quotes = defineService("bank.Quotes", {
  fee: method<{ cents: number }, { fee: number }>({ safe: true }),
});
const Account = defineEntity("bank.Account", { deposit: method<{ cents: number }, number>() });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
await system.serve(Quotes, { fee: ({ cents }) => ({ fee: Math.ceil(cents / 100) }) });
await system.serve(Account, () => ({ deposit: ({ cents }) => cents }));

console.log(await system.invoke({ contract: Quotes, method: "fee" }, { cents: 250 }));
console.log(await system.invoke({ contract: "bank.Quotes", method: "fee" }, { cents: 350 }));
console.log(await system.invoke({ contract: "bank.Account", key: "acc-1", method: "deposit" }, { cents: 5 }));
try {
  await system.invoke({ contract: "bank.Quotes", method: "fees" });
} catch (error) {
  const { code, outcome } = RpcError.from(error);
  console.log(`${code}, ${outcome}`);
}

// Prints:
// { fee: 3 }
// { fee: 4 }
// 5
// unimplemented, rejected
