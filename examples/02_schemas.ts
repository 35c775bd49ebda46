/**
 * Schemas: the caller's input is checked before it is sent, the handler gets what was parsed, and what the handler
 * answers is checked before it travels. Any library that follows Standard Schema will do; here it is zod.
 *
 *     deno run -A examples/02_schemas.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError } from "rocket-actors";
import { z } from "zod";
import { exampleTransport } from "./transport.ts";

const Transfer = z.object({
  from: z.string(),
  to: z.string(),
  cents: z.int().positive(),
  // The caller writes a text or nothing, the handler gets a Date.
  due: z.iso.date().default("2026-12-31").transform((text) => new Date(text)),
});

const Payments = defineService("bank.Payments", {
  transfer: method({
    input: Transfer,
    output: z.object({ receipt: z.string() }),
    idempotent: true,
  }),
});

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
await system.serve(Payments, {
  transfer: ({ from, to, cents, due }) => ({ receipt: `${from}-${to}-${cents}-${due.getUTCFullYear()}` }),
});

const payments = system.client(Payments);
console.log(await payments.transfer({ from: "a", to: "b", cents: 500 }));

try {
  await payments.transfer({ from: "a", to: "b", cents: -1 });
} catch (error) {
  const { code, outcome } = RpcError.from(error);
  console.log(`refused: ${code}, ${outcome}`);
}

// Prints:
// { receipt: "a-b-500-2026" }
// refused: invalid_argument, not_sent
