/**
 * One of the two processes whose trace `main.ts` draws; runs until it reads a line.
 *
 *     OTEL_DENO=true deno run -A bench/trace/program.ts serve|call <name server>
 */
// deno-lint-ignore-file no-console -- a program that talks to the one that started it
import { trace } from "@opentelemetry/api";
import { createSystem, defineService, method } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";

/** Calls before the one that is drawn: connections are made by then, and code is compiled. */
const WARM_UP = 300;

const [role = "call", nameServers = ""] = Deno.args;
const Payments = defineService("bank.Payments", {
  transfer: method<{ from: string; cents: number }, { receipt: string }>({ idempotent: true }),
});
const Ledger = defineService("bank.Ledger", { book: method<{ cents: number }, string>() });

await using system = await createSystem({ name: role, transport: remoting({ nameServers }) });
if (role === "serve") {
  await system.serve(Ledger, { book: ({ cents }) => `r-${cents}` });
  await system.serve(Payments, {
    transfer: async ({ cents }, ctx) => ({ receipt: await ctx.client(Ledger).book({ cents }) }),
  });
} else {
  const payments = system.client(Payments, { timeoutMs: 20_000 });
  for (let count = 0; count < WARM_UP; count++) await payments.transfer({ from: "a", cents: count });
  await trace.getTracer("bench").startActiveSpan("POST /transfers", async (span) => {
    await payments.transfer({ from: "a", cents: 500 });
    span.end();
  });
}
console.log("ready");
await Deno.stdin.read(new Uint8Array(16));
