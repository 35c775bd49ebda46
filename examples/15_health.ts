/**
 * Health: every system answers for itself, past all queues, under its own address.
 *
 *     deno run -A examples/15_health.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createClient, createSystem, defineService, Health, method } from "rocket-actors";
import { exampleTransports } from "./transport.ts";

const Quotes = defineService("bank.Quotes", { fee: method<number, number>({ safe: true }) });

const { transport } = await exampleTransports(Deno.args);
await using system = await createSystem({ name: "bank", transport: transport() });
await system.serve(Quotes, { fee: (cents) => Math.ceil(cents / 100) });
await using operator = await createClient({ transport: transport(), name: "operator" });
await operator.client(Quotes).fee(250);

// The address is a text: print it at start-up, keep it where operators find it.
const health = operator.client(Health, { instance: system.address });
const info = await health.info();
console.log(info.name, info.contracts.join(", "));
console.log("its clock is ours:", Math.abs(await health.ping() - Date.now()) < 1_000);
const [quotes] = await health.stats();
const [fee] = quotes?.methods ?? [];
console.log(quotes?.contract, fee?.method, "crashes:", fee?.counts.crashes);
const tree = await health.tree();
console.log(tree.id, tree.state, tree.children.map(({ id }) => id).includes("bank.Quotes"));

// Prints:
// bank bank.Quotes
// its clock is ours: true
// bank.Quotes fee crashes: 0
// bank running true
