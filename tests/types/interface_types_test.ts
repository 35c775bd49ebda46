import assert from "node:assert/strict";
import type { Client, Contract, Entity, Handlers, Method, Oneway, Service } from "rocket-actors";
import { defineEntity, defineService, method, RpcError, type } from "rocket-actors";
import { z } from "zod";
import { isTrue, type Same } from "./same.ts";

/** What the publisher of a contract writes: explicit, documented, and quick to check. */
interface PaymentsMethods {
  /** What a transfer costs. */
  readonly quote: Method<{ cents: number }, { fee: number }>;
  readonly transfer: Method<
    { from: string; cents?: number },
    { at: Date },
    { Short: { missing: number } },
    { from: string; cents: number },
    { at: string }
  >;
  readonly notify: Oneway<{ text: string }>;
}

interface AccountMethods {
  readonly deposit: Method<{ cents: number }, number>;
}

const input = z.object({ from: z.string(), cents: z.int().default(5) });
const output = z.object({ at: z.string().transform((text) => new Date(text)) });
const errors = { Short: z.object({ missing: z.int() }) };
const quote = method({ input: z.object({ cents: z.number() }), output: z.object({ fee: z.number() }) });
const transfer = method({ input, output, errors });
const notify = method.oneway<{ text: string }>();

const Payments: Service<PaymentsMethods> = defineService("test.Payments", { quote, transfer, notify });
const Closing: Service<PaymentsMethods, { Closed: string }> = defineService("test.Closing", {
  quote,
  transfer,
  notify,
}, {
  errors: { Closed: type<string>() },
});
const Account: Entity<AccountMethods> = defineEntity("test.Account", {
  deposit: method<{ cents: number }, number>(),
});

/** Never run: such a contract is as good as an inferred one. */
export async function calls(
  payments: Client<typeof Payments>,
  accounts: Client<typeof Account>,
): Promise<number> {
  const contracts: readonly Contract[] = [Payments, Closing, Account];
  const { fee } = await payments.quote({ cents: contracts.length });
  const { at } = await payments.transfer({ from: "a" });
  isTrue<Same<typeof at, Date>>();
  // @ts-expect-error the input is of another type
  await payments.quote({ cents: "5" });
  // @ts-expect-error no such method
  await payments.quotes({ cents: 5 });
  return await accounts.at("a").deposit({ cents: fee });
}

/** As above, for the serving side. */
export const handlers: Handlers<typeof Closing> = {
  quote: ({ cents }, ctx) => {
    if (cents > 5) throw ctx.error("Closed", "until Monday");
    // @ts-expect-error the error of another method
    if (cents > 4) throw ctx.error("Short", { missing: 5 });
    return { fee: cents };
  },
  transfer: ({ cents }, ctx) => {
    if (cents > 5) throw ctx.error("Short", { missing: 5 });
    return { at: "2026-11-21" };
  },
  notify: ({ text }) => void text.length,
};

/** As above: the schemas must take whatever the interface lets callers write, and give what it promises. */
export function refused(): readonly Contract[] {
  const stricter = method({
    input: z.object({ cents: z.number(), currency: z.string() }),
    output: z.object({ fee: z.number() }),
  });
  const poorer = method({ input: z.object({ cents: z.number() }), output: z.object({}) });
  const other = method({ input: z.object({ cents: z.number() }), output: z.object({ fee: z.string() }) });
  // @ts-expect-error the schema asks callers for more
  const a: Service<PaymentsMethods> = defineService("test.A", { quote: stricter, transfer, notify });
  // @ts-expect-error the schema promises less
  const b: Service<PaymentsMethods> = defineService("test.B", { quote: poorer, transfer, notify });
  // @ts-expect-error the schema promises something else
  const c: Service<PaymentsMethods> = defineService("test.C", { quote: other, transfer, notify });
  // @ts-expect-error a method is missing
  const d: Service<PaymentsMethods> = defineService("test.D", { quote, notify });
  // @ts-expect-error a method answers that is declared one-way
  const e: Service<PaymentsMethods> = defineService("test.E", {
    quote,
    transfer,
    notify: method<{ text: string }>(),
  });
  // @ts-expect-error a declared error is missing
  const f: Service<PaymentsMethods> = defineService("test.F", {
    quote,
    transfer: method({ input, output }),
    notify,
  });
  // @ts-expect-error the handler would have to return more than the interface says
  const g: Service<PaymentsMethods> = defineService("test.G", {
    quote: method({
      input: type<{ cents: number }>(),
      output: z.object({ fee: z.number(), more: z.number() }),
    }),
    transfer,
    notify,
  });
  // @ts-expect-error the interface has something that is no method
  const h: Service<{ quote: () => void }> = Payments;
  // @ts-expect-error an entity is no service
  const i: Service<AccountMethods> = defineEntity("test.I", { deposit: method<{ cents: number }, number>() });
  assert.ok(h);
  return [a, b, c, d, e, f, g, i];
}

Deno.test("defineService gives a contract that an interface of methods describes", () => {
  const error: unknown = new RpcError("failed_precondition", "Short", {
    declared: { contract: "test.Payments", error: "Short" },
    details: { missing: 5 },
  });
  assert.ok(RpcError.is(error, Payments, "Short"));
  assert.equal(error.details.missing, 5);
  assert.deepEqual(Object.keys(Payments.methods), ["quote", "transfer", "notify"]);
  assert.deepEqual([Account.kind, Closing.methods.quote.settings.errors.Closed?.code], [
    "entity",
    "failed_precondition",
  ]);
});
