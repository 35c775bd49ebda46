import assert from "node:assert/strict";
import { type as ark } from "arktype";
import type { AnySchema, Client, Handlers, Schema } from "rocket-actors";
import { defineService, method, type } from "rocket-actors";
import * as v from "valibot";
import { z } from "zod";
import { isTrue, type Same } from "./same.ts";

/** One method of each library, and methods whose schemas change the type on the way. */
const Mixed = defineService("test.Mixed", {
  byZod: method({
    // The key stands before the input, and its type is known all the same.
    key: (transfer) => transfer.from,
    input: z.object({ from: z.string(), cents: z.int().default(5) }),
    output: z.object({ at: z.string().transform((text) => new Date(text)) }),
  }),
  byValibot: method({
    input: v.object({ cents: v.pipe(v.string(), v.transform(Number)), note: v.optional(v.string(), "none") }),
    output: v.string(),
  }),
  byArktype: method({
    input: ark({ cents: "string.numeric.parse", note: "string = 'none'" }),
    output: ark("string"),
  }),
  byType: method({ input: type<{ cents: number }>(), output: type<{ fee: number }>() }),
  optional: method({ input: z.string().optional(), output: z.void() }),
  inputOnly: method({ input: z.string() }),
  both: method<{ cents: number }, string>({ input: z.object({ cents: z.number() }), output: z.string() }),
  told: method.oneway({ input: z.object({ n: z.string().transform(Number) }), key: ({ n }) => n.toFixed() }),
});

/** Never run: the caller sees what goes into the input's schema and what comes out of the output's. */
export async function calls(client: Client<typeof Mixed>): Promise<void> {
  isTrue<Same<Parameters<typeof client.byZod>[0], { from: string; cents?: number | undefined }>>();
  isTrue<Same<Awaited<ReturnType<typeof client.byZod>>, { at: Date }>>();
  isTrue<Same<Parameters<typeof client.byValibot>[0], { cents: string; note?: string | undefined }>>();
  isTrue<Same<Parameters<typeof client.byArktype>[0], { cents: string; note?: string }>>();
  isTrue<Same<Parameters<typeof client.byType>[0], { cents: number }>>();
  isTrue<Same<Awaited<ReturnType<typeof client.byType>>, { fee: number }>>();
  isTrue<Same<Awaited<ReturnType<typeof client.inputOnly>>, void>>();
  await client.optional();
  await client.byZod({ from: "a" });
  // @ts-expect-error the default is for another property
  await client.byZod({ cents: 5 });
  // @ts-expect-error the caller passes a text
  await client.byValibot({ cents: 5 });
  // @ts-expect-error the caller passes a text
  await client.told({ n: 5 });
  // @ts-expect-error an input is needed
  await client.inputOnly();
}

/** As above: the handler sees what comes out of the input's schema and returns what goes into the output's. */
export const handlers: Handlers<typeof Mixed> = {
  byZod: (input) => {
    isTrue<Same<typeof input, { from: string; cents: number }>>();
    return { at: "2026-11-21" };
  },
  byValibot: (input) => {
    isTrue<Same<typeof input, { cents: number; note: string }>>();
    return input.note;
  },
  byArktype: (input) => {
    isTrue<Same<typeof input, { cents: number; note: string }>>();
    return input.note;
  },
  byType: ({ cents }) => ({ fee: cents }),
  optional: (input) => {
    isTrue<Same<typeof input, string | undefined>>();
  },
  inputOnly: (input) => {
    isTrue<Same<typeof input, string>>();
  },
  both: ({ cents }) => cents.toFixed(),
  told: (input) => {
    isTrue<Same<typeof input, { n: number }>>();
  },
};

/** As above: lines that must not compile. */
export function refused(): void {
  // @ts-expect-error the handler returns what goes into the schema
  const late: Handlers<typeof Mixed>["byZod"] = () => ({ at: new Date() });
  // @ts-expect-error without an output's schema nothing is returned
  const more: Handlers<typeof Mixed>["inputOnly"] = (text) => text.length;
  // @ts-expect-error the schema gives another type than is stated
  method<{ cents: number }, string>({ input: z.object({ cents: z.string() }) });
  // @ts-expect-error the schema gives another type than is stated
  method<{ cents: number }, string>({ output: z.number() });
  // @ts-expect-error the key is made of what the handler gets
  method({ input: z.string().transform(Number), key: (text) => text.toUpperCase() });
  // @ts-expect-error the input has no such property
  method({ input: z.object({ from: z.string() }), key: (transfer) => transfer.to });
  assert.ok(late ?? more);
}

Deno.test("Schema describes the schemas of every library, functions among them", () => {
  const zod: Schema<string> = z.string();
  const valibot: Schema<string> = v.string();
  const arktype: Schema<string> = ark("string");
  const any: readonly AnySchema[] = [zod, valibot, arktype, type<Date>(), z.string().transform(Number)];
  assert.ok(any.every((schema) => schema["~standard"].version === 1));
  assert.equal(typeof arktype, "function");
});
