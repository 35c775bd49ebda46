/**
 * Telemetry: with OTEL_DENO=true Deno exports the spans and metrics that the library records; without, nothing is
 * recorded and nothing loaded. Here the trace of a call is picked up where it is handed on: in a handler that calls
 * another service. With OTEL_DENO=true the last line is "one trace: true".
 *
 *     OTEL_DENO=true deno run -A examples/23_telemetry.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { trace } from "@opentelemetry/api";
import { createSystem, defineService, method } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Payments = defineService("bank.Payments", {
  transfer: method<{ from: string; cents: number }, { receipt: string }>({ idempotent: true }),
  notify: method.oneway<{ text: string }>(),
});
const Ledger = defineService("bank.Ledger", { book: method<{ cents: number }, string>() });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
const told = Promise.withResolvers<string>();
const traces: (string | undefined)[] = [];

await system.serve(Ledger, {
  book: ({ cents }) => {
    traces.push(trace.getActiveSpan()?.spanContext().traceId);
    return `r-${cents}`;
  },
});
await system.serve(Payments, {
  transfer: async ({ cents }, ctx) => {
    // The span of this handler is active: what the library, fetch or you record in it belongs to it.
    const span = trace.getActiveSpan();
    span?.setAttribute("bank.cents", cents);
    traces.push(span?.spanContext().traceId);
    return { receipt: await ctx.client(Ledger).book({ cents }) };
  },
  notify: ({ text }) => told.resolve(text),
});

const payments = system.client(Payments);
console.log(await payments.transfer({ from: "a", cents: 500 }));
await payments.notify({ text: "paid" });
console.log(await told.promise);
const [outer, inner] = traces;
console.log(outer === undefined ? "nothing was recorded" : `one trace: ${outer === inner}`);

// Prints:
// { receipt: "r-500" }
// paid
// nothing was recorded
