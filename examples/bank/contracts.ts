import { defineEntity, defineService, method } from "rocket-actors";
import { z } from "zod";

const Money = z.object({ cents: z.int().positive() });
const Balance = z.object({ balance: z.int() });

/** One account per key: all that happens to it happens in one order, on one instance. */
export const Account = defineEntity("bank.Account", {
  deposit: method({ input: Money, output: Balance }),
  withdraw: method({
    input: Money,
    output: Balance,
    errors: { InsufficientFunds: z.object({ missing: z.int() }) },
  }),
  balance: method({ output: Balance, safe: true }),
});

/** Moves money between accounts. */
export const Payments = defineService("bank.Payments", {
  transfer: method({
    input: z.object({ from: z.string(), to: z.string(), cents: z.int().positive() }),
    output: z.object({ receipt: z.string() }),
    errors: { Declined: z.object({ reason: z.string() }) },
  }),
  statement: method({ input: z.string(), output: z.array(z.string()), safe: true }),
});

/** Gives prices, by way of a feed that breaks. */
export const Rates = defineService("bank.Rates", {
  rate: method<string, number>({ idempotent: true }),
});

/** Tells customers. Nobody waits for it. */
export const Notices = defineService("bank.Notices", {
  tell: method.oneway<{ customer: string; text: string }>({ idempotent: true }),
});
