/**
 * One typed call. Without flags everything runs in this process:
 *
 *     deno run examples/01_call.ts
 *
 * With a name server the same call goes through RocketMQ:
 *
 *     deno run -A examples/01_call.ts --name-server 127.0.0.1:9876
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import process from "node:process";
import { createSystem, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Payments = defineService("bank.Payments", {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method<{ from: string; to: string; cents: number }, { receipt: string }>({ idempotent: true }),
});

const { transport, name } = await exampleTransport(process.argv.slice(2));
await using system = await createSystem({ name: "bank", transport });
process.once("SIGTERM", () => void system.close("SIGTERM"));

await system.serve(Payments, {
  quote: ({ cents }) => ({ fee: Math.ceil(cents / 100) }),
  transfer: ({ from, to, cents }, ctx) => {
    if (cents > 100_000) throw new RpcError("failed_precondition", `${from} cannot send ${cents} cents`);
    return { receipt: `${from}→${to}:${cents} (attempt ${ctx.attempt})` };
  },
});

const payments = system.client(Payments, { timeoutMs: 2_000 });
console.log(`calling bank.Payments through ${name}`);
console.log("quote:", await payments.quote({ cents: 250 }));
console.log("transfer:", await payments.transfer({ from: "a", to: "b", cents: 500 }));

try {
  await payments.transfer({ from: "a", to: "b", cents: 1_000_000 });
} catch (error) {
  const failure = RpcError.from(error);
  console.log(`refused: ${failure.code}, outcome ${failure.outcome}: ${failure.message}`);
}

// Prints:
// calling bank.Payments through the embedded broker
// quote: { fee: 3 }
// transfer: { receipt: "a→b:500 (attempt 1)" }
// refused: failed_precondition, outcome replied: a cannot send 1000000 cents
