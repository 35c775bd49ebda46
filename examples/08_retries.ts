/**
 * Retries: what is safe to run again is run again, three times at most over everything that may go wrong; what is
 * not is started once.
 *
 *     deno run -A examples/08_retries.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Rates = defineService("bank.Rates", {
  fetch: method<string, number>({ idempotent: true }),
  patient: method<string, number>({ idempotent: true }),
  book: method<string, number>(),
});

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
const starts: string[] = [];
await system.serve(Rates, {
  fetch: (pair, ctx) => {
    starts.push(`fetch ${ctx.attempt}`);
    if (ctx.attempt < 3) throw new Error(`no rate for ${pair} yet`); // a crash: run again at once
    return 1.25;
  },
  patient: (_, ctx) => {
    starts.push(`patient ${ctx.attempt}`);
    if (ctx.attempt === 1) throw ctx.retryAfter(20); // not a crash: the handler asks for another attempt
    return 1.5;
  },
  book: (_, ctx) => {
    starts.push(`book ${ctx.attempt}`);
    throw new Error("half booked?");
  },
});

const rates = system.client(Rates);
console.log(await rates.fetch("EUR/USD"), await rates.patient("EUR/USD"));
try {
  await rates.book("EUR/USD");
} catch (error) {
  const { code, outcome } = RpcError.from(error);
  console.log(`book: ${code}, ${outcome}`);
}
console.log(starts.join(", "));

// Prints:
// 1.25 1.5
// book: internal, replied
// fetch 1, fetch 2, fetch 3, patient 1, patient 2, book 1
