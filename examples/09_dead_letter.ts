/**
 * Dead letters: a request that will not be run again is kept, with the reason, for operators.
 *
 *     deno run -A examples/09_dead_letter.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Ledger = defineService("bank.Ledger", {
  book: method<string, void>(),
  sync: method<string, void>({ idempotent: true }),
});

const { transport, deadLetters } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
const poisoned = () => {
  throw new Error("a bug that this input wakes");
};
await system.serve(Ledger, { book: poisoned, sync: poisoned });

const ledger = system.client(Ledger);
for (const call of [() => ledger.book("poison"), () => ledger.sync("poison")]) {
  const { code, message } = await call().then(() => Promise.reject(new Error("it crashed")), RpcError.from);
  console.log(`${code}: ${message}`);
}
for (const letter of await deadLetters(Ledger)) console.log(`${letter.method}: ${letter.reason}`);

// Prints:
// internal: The handler of "book" failed; its error is in the callee's log
// internal: The handler of "sync" failed; its error is in the callee's log
// book: handler crashed; attempts: 1
// sync: handler crashed, attempts spent; attempts: 3
