import assert from "node:assert/strict";
import {
  type Client,
  defineEntity,
  defineService,
  type Handlers,
  method,
  type NoErrors,
  RpcError,
  type,
} from "rocket-actors";
import { z } from "zod";
import { isTrue, type Same } from "./same.ts";

const Limit = z.object({ cents: z.int() });

const Payments = defineService("test.Payments", {
  transfer: method({
    input: z.object({ cents: z.int() }),
    errors: {
      InsufficientFunds: z.object({ missing: z.int() }),
      OverLimit: Limit,
      Gone: { details: type<void>(), code: "not_found" },
    },
  }),
  quote: method({ errors: { OverLimit: Limit } }),
  // Type arguments for input and output: then for the errors, too.
  book: method<string, number, { Booked: { receipt: string } }>({ errors: { Booked: type() } }),
  // A name without a schema: the compiler knows it, the contract does not.
  late: method<void, void, { OnlyInTypes: string }>(),
  ping: method(),
  told: method.oneway<string>(),
}, { errors: { Closed: { details: type<{ until: string }>(), code: "unavailable" } } });

const Account = defineEntity("test.Account", {
  withdraw: method({ errors: { Overdrawn: Limit } }),
}, { errors: { Frozen: type<string>() } });

/** Never run: what a handler may answer with. */
export const handlers: Handlers<typeof Payments> = {
  transfer: ({ cents }, ctx) => {
    if (cents > 9) {
      const error = ctx.error("InsufficientFunds", { missing: cents });
      isTrue<Same<typeof error.details, { missing: number }>>();
      isTrue<Same<typeof error.declared, "InsufficientFunds">>();
      throw error;
    }
    if (cents > 8) throw ctx.error("OverLimit", { cents }, "Too much at once");
    if (cents > 7) throw ctx.error("Gone");
    if (cents > 6) throw ctx.error("Gone", undefined, "No such account");
    if (cents > 5) throw ctx.error("Closed", { until: "Monday" });
    // @ts-expect-error the details are of another type
    if (cents > 4) throw ctx.error("OverLimit", { cents: "4" });
    // @ts-expect-error the details are missing
    if (cents > 3) throw ctx.error("OverLimit");
    // @ts-expect-error the error of another method
    if (cents > 2) throw ctx.error("Booked", { receipt: "" });
    // @ts-expect-error there are no details
    throw ctx.error("Gone", { cents });
  },
  quote: (_, ctx) => {
    throw ctx.error("OverLimit", { cents: 1 });
  },
  book: (text, ctx) => {
    if (text === "") throw ctx.error("Booked", { receipt: text });
    return text.length;
  },
  late: (_, ctx) => {
    throw ctx.error("OnlyInTypes", "but it compiles");
  },
  ping: (_, ctx) => {
    // @ts-expect-error the error of another method
    if (ctx.attempt > 1) throw ctx.error("OverLimit", { cents: 1 });
    throw ctx.error("Closed", { until: "Monday" });
  },
  told: () => {},
};

/** As above: what a caller learns. */
export async function caught(client: Client<typeof Payments>): Promise<unknown> {
  try {
    return await client.ping();
  } catch (error) {
    // @ts-expect-error nothing is known yet
    void error.details;
    if (RpcError.is(error, Payments, "InsufficientFunds")) {
      isTrue<Same<typeof error.details, { missing: number }>>();
      isTrue<Same<typeof error.code, RpcError["code"]>>();
      return error.details.missing;
    }
    if (RpcError.is(error, Payments, "Closed")) return error.details.until;
    if (RpcError.is(error, Account, "Frozen")) return error.details.length;
    // @ts-expect-error no method of that contract declares it
    if (RpcError.is(error, Account, "Closed")) return error;
    // @ts-expect-error no such error
    if (RpcError.is(error, Payments, "Bust")) return error;
    const failure = RpcError.from(error);
    if (failure.is(Payments, "OverLimit")) return failure.details.cents;
    if (failure.is(Payments, "Booked")) return failure.details.receipt;
    if (failure.is(Account, "Overdrawn")) return failure.details.cents;
    isTrue<Same<typeof failure.details, unknown>>();
    return failure.outcome;
  }
}

/** As above: declarations that must not compile. */
export function refused(): void {
  // @ts-expect-error type arguments for input and output, but none for the errors
  method<string, number>({ errors: { Booked: type<{ receipt: string }>() } });
  // @ts-expect-error the schema gives other details than are stated
  method<string, number, { Booked: { receipt: string } }>({ errors: { Booked: z.string() } });
  // @ts-expect-error a stated error is missing
  method<string, number, { Booked: string; Bust: string }>({ errors: { Booked: type() } });
  // @ts-expect-error details travel as they are: no transforms
  method({ errors: { Booked: z.string().transform(Number) } });
  // @ts-expect-error details travel as they are: no transforms
  method({ errors: { Booked: { details: z.string().transform(Number), code: "aborted" } } });
  // @ts-expect-error details travel as they are: no defaults
  method({ errors: { Booked: z.string().default("none") } });
  // @ts-expect-error not a code
  method({ errors: { Booked: { details: type<string>(), code: "gone" } } });
  // @ts-expect-error not an option
  method({ errors: { Booked: { details: type<string>(), kode: "aborted" } } });
  // @ts-expect-error not a schema
  method({ errors: { Booked: "text" } });
  // @ts-expect-error not a schema
  defineService("test.A", { ping: method() }, { errors: { Closed: 5 } });
}

Deno.test("RpcError.is goes by contract and name, and needs no more of a contract than its name", () => {
  const declared = { contract: "test.Payments", error: "OverLimit" };
  const error: unknown = new RpcError("failed_precondition", "Too much", { declared, details: { cents: 5 } });
  assert.ok(RpcError.is(error, Payments, "OverLimit"));
  assert.equal(error.details.cents, 5);
  assert.ok(!RpcError.is(error, Payments, "Closed"));
  assert.ok(!RpcError.is(error, Account, "Overdrawn"));
  const source: { readonly name: string; readonly "~errors"?: { OverLimit: { cents: number } } } = {
    name: "test.Payments",
  };
  assert.ok(RpcError.is(error, source, "OverLimit"));
  isTrue<Same<keyof NoErrors, never>>();
});
