/**
 * A program whose telemetry Deno exports: serves, calls, or both, until it reads a line.
 *
 *     OTEL_DENO=true deno run -A tests/otel/program.ts both|serve|call <contracts' prefix> [name server]
 */
// deno-lint-ignore-file no-console -- a program that talks to a test
import { context, propagation, trace } from "@opentelemetry/api";
import { createSystem, defineService, embedded, method, RpcError } from "rocket-actors";

const [role = "both", prefix = "test", nameServers] = Deno.args;
const Payments = defineService(`${prefix}.Payments`, {
  transfer: method<{ cents: number }, { receipt: string }>({ idempotent: true }),
  notify: method.oneway<string>(),
  fail: method<void, void>(),
});
const Ledger = defineService(`${prefix}.Ledger`, { book: method<number, string>() });
const tracer = trace.getTracer("program");
const told = Promise.withResolvers<void>();

async function transport() {
  if (nameServers === undefined) return embedded();
  const { remoting } = await import("rocket-actors/transport/remoting");
  return remoting({ nameServers });
}

await using system = await createSystem({ name: role, transport: await transport() });
if (role !== "call") await serve();
console.log("ready");
if (role !== "serve") await call();
await Deno.stdin.read(new Uint8Array(16));

async function serve(): Promise<void> {
  await system.serve(Ledger, {
    book: async (cents) => {
      const span = tracer.startSpan("look up");
      await Promise.resolve();
      span.end();
      return `r-${cents} of ${propagation.getActiveBaggage()?.getEntry("tenant")?.value}`;
    },
  });
  await system.serve(Payments, {
    transfer: async ({ cents }, ctx) => {
      if (ctx.attempt === 1) throw new Error("Once");
      await Promise.resolve();
      // By whatever client: the context tells whose call it is.
      return { receipt: await system.client(Ledger).book(cents) };
    },
    notify: () => told.resolve(),
    fail: () => {
      throw new RpcError("not_found", "No such account");
    },
  });
}

async function call(): Promise<void> {
  const payments = system.client(Payments, { timeoutMs: 20_000 });
  const baggage = propagation.createBaggage({ tenant: { value: "t1" } });
  await context.with(
    propagation.setBaggage(context.active(), baggage),
    () =>
      tracer.startActiveSpan("order", async (span) => {
        console.log((await payments.transfer({ cents: 5 })).receipt);
        await payments.notify("paid");
        await payments.fail().catch(() => {});
        span.end();
      }),
  );
  if (role === "both") await told.promise;
  console.log("done");
}
