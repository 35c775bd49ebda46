/**
 * Declared errors: part of the contract, with typed details, so that a caller can act on them.
 *
 *     deno run -A examples/03_declared_errors.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError, type } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Payments = defineService("bank.Payments", {
  transfer: method<{ from: string; cents: number }, { receipt: string }, {
    InsufficientFunds: { missing: number };
    AccountClosed: { since: string };
  }>({
    errors: {
      InsufficientFunds: type<{ missing: number }>(),
      AccountClosed: { details: type<{ since: string }>(), code: "not_found" },
    },
  }),
});

const balances = new Map([["a", 300]]);

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
await system.serve(Payments, {
  transfer: ({ from, cents }, ctx) => {
    const balance = balances.get(from);
    if (balance === undefined) throw ctx.error("AccountClosed", { since: "2026-01-31" });
    if (balance < cents) throw ctx.error("InsufficientFunds", { missing: cents - balance });
    return { receipt: ctx.callId };
  },
});

const payments = system.client(Payments);
for (const from of ["a", "gone"]) {
  try {
    await payments.transfer({ from, cents: 500 });
  } catch (error) {
    const failure = RpcError.from(error);
    if (failure.is(Payments, "InsufficientFunds")) console.log(`${from} is ${failure.details.missing} short`);
    else if (failure.is(Payments, "AccountClosed")) {
      console.log(`${from}: ${failure.code} since ${failure.details.since}`);
    } else throw failure;
  }
}

// Prints:
// a is 200 short
// gone: not_found since 2026-01-31
