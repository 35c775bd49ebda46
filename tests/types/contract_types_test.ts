import assert from "node:assert/strict";
import type { Client, Handlers } from "rocket-actors";
import { defineService, method } from "rocket-actors";

const Quotes = defineService("test.Quotes", {
  fee: method<{ cents: number }, { fee: number }>({ safe: true }),
  find: method<string | undefined, readonly string[]>(),
  ping: method(),
});

/** Whether two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

function isTrue<_ extends true>(): void {}

/** Never run: every line is a claim about types, and a line that stops being an error stops the check. */
export async function calls(client: Client<typeof Quotes>): Promise<void> {
  isTrue<Same<Awaited<ReturnType<typeof client.fee>>, { fee: number }>>();
  isTrue<Same<Awaited<ReturnType<typeof client.ping>>, void>>();
  await client.fee({ cents: 1 }, { timeoutMs: 5, headers: { a: "b" }, idempotencyKey: "k" });
  await client.find();
  await client.find("a");
  await client.ping();
  await client.ping(undefined, { timeoutMs: 5 });
  // @ts-expect-error the input is of another type
  await client.fee({ cents: "1" });
  // @ts-expect-error the input is missing
  await client.fee();
  // @ts-expect-error no such option
  await client.fee({ cents: 1 }, { timeout: 5 });
  // @ts-expect-error ping takes no input
  await client.ping(5);
  // @ts-expect-error no such method
  await client.fees({ cents: 1 });
  // @ts-expect-error a proxy is read-only
  client.ping = () => Promise.resolve();
}

/** As above, for the serving side. */
export function handlers(): readonly Handlers<typeof Quotes>[] {
  const find = () => ["a"];
  const ping = () => {};
  return [
    { fee: ({ cents }, ctx) => ({ fee: cents * ctx.attempt }), find, ping },
    { fee: async ({ cents }) => ({ fee: await Promise.resolve(cents) }), find, ping },
    // @ts-expect-error the result is of another type
    { fee: ({ cents }) => ({ fee: String(cents) }), find, ping },
    // @ts-expect-error the input is of another type
    { fee: (cents: number) => ({ fee: cents }), find, ping },
    // @ts-expect-error a handler is missing
    { fee: ({ cents }) => ({ fee: cents }), ping },
    // @ts-expect-error no such method
    { fee: ({ cents }) => ({ fee: cents }), find, ping, extra: () => {} },
    // @ts-expect-error a method without output answers nothing
    { fee: ({ cents }) => ({ fee: cents }), find, ping: () => Promise.resolve(5) },
  ];
}

Deno.test("defineService keeps the names of its methods in the type and in the value", () => {
  const names: readonly (keyof typeof Quotes.methods)[] = ["fee", "find", "ping"];
  assert.deepEqual(Object.keys(Quotes.methods), names);
});
