import assert from "node:assert/strict";
import type {
  CallOptions,
  Client,
  Contract,
  Entity,
  Handlers,
  Method,
  NoErrors,
  Oneway,
  Receipt,
  Service,
} from "rocket-actors";
import { defineEntity, defineService, method } from "rocket-actors";
import { isTrue, type Same } from "./same.ts";

const Quotes = defineService("test.Quotes", {
  fee: method<{ cents: number }, { fee: number }>({ safe: true }),
  find: method<string | undefined, readonly string[]>(),
  ping: method(),
  notify: method.oneway<{ text: string }>(),
  wake: method.oneway(),
});

const Account = defineEntity("test.Account", {
  deposit: method<{ cents: number }, { balance: number }>({ idempotent: true }),
  close: method.oneway(),
});

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
  // @ts-expect-error the input has a property too many
  await client.fee({ cents: 1, euros: 5 });
  // @ts-expect-error the input is missing
  await client.fee();
  // @ts-expect-error no such option
  await client.fee({ cents: 1 }, { timeout: 5 });
  // @ts-expect-error ping takes no input
  await client.ping(5);
  // @ts-expect-error options are no input
  await client.ping({ timeoutMs: 5 });
  // @ts-expect-error no such method
  await client.fees({ cents: 1 });
  // @ts-expect-error a service has no keys
  client.at("key");
  // @ts-expect-error a proxy is read-only
  client.ping = () => Promise.resolve();
  // @ts-expect-error a proxy is no promise
  void client.then;
}

/** As above: one-way calls resolve to what the broker says, and entities are called by their key. */
export async function onewayAndEntity(
  quotes: Client<typeof Quotes>,
  accounts: Client<typeof Account>,
): Promise<void> {
  const receipt = await quotes.notify({ text: "hello" });
  isTrue<Same<typeof receipt, Receipt>>();
  isTrue<Same<Awaited<ReturnType<typeof quotes.wake>>, Receipt>>();
  await quotes.wake(undefined, { headers: { a: "b" } });
  // @ts-expect-error the input is of another type
  await quotes.notify("hello");
  // @ts-expect-error wake takes no input
  await quotes.wake(5);
  const one = accounts.at("acc-1");
  isTrue<Same<Awaited<ReturnType<typeof one.deposit>>, { balance: number }>>();
  isTrue<Same<Awaited<ReturnType<typeof one.close>>, Receipt>>();
  await one.deposit({ cents: 1 }, { signal: AbortSignal.abort() });
  // @ts-expect-error an entity is called by its key
  await accounts.deposit({ cents: 1 });
  // @ts-expect-error a key is a text
  accounts.at(5);
  // @ts-expect-error a key is needed
  accounts.at();
  // @ts-expect-error the input is of another type
  await one.deposit({ cents: "1" });
}

/** As above, for the serving side. */
export function handlers(): readonly Handlers<typeof Quotes>[] {
  const find = () => ["a"];
  const ping = () => {};
  const notify = ping;
  const wake = ping;
  const rest = { find, ping, notify, wake };
  const fee = () => ({ fee: 1 });
  return [
    { fee: ({ cents }, ctx) => ({ fee: cents * ctx.attempt }), ...rest },
    { fee: async ({ cents }) => ({ fee: await Promise.resolve(cents) }), ...rest },
    { ...rest, fee, notify: async ({ text }) => void await Promise.resolve(text.length) },
    // @ts-expect-error the result is of another type
    { fee: ({ cents }) => ({ fee: String(cents) }), ...rest },
    // @ts-expect-error the promised result is of another type
    { fee: async ({ cents }) => await Promise.resolve({ fee: String(cents) }), ...rest },
    // @ts-expect-error the input is of another type
    { fee: (cents: number) => ({ fee: cents }), ...rest },
    // @ts-expect-error a handler is missing
    { fee, ping, notify, wake },
    // @ts-expect-error no such method
    { fee, ...rest, extra: () => {} },
    // @ts-expect-error a method without output answers nothing
    { fee, find, notify, wake, ping: () => 5 },
    // @ts-expect-error nor later
    { fee, find, notify, wake, ping: () => Promise.resolve(5) },
    // @ts-expect-error a one-way method answers nothing
    { fee, find, ping, wake, notify: () => "heard" },
    // @ts-expect-error a method that declares no errors answers with none
    { ...rest, fee: (_, ctx) => ctx.error("Closed") },
  ];
}

/** As above: nested calls are typed as others are. */
export async function nested(context: Parameters<Handlers<typeof Quotes>["ping"]>[1]): Promise<void> {
  const { fee } = await context.client(Quotes).fee({ cents: 1 });
  const { balance } = await context.client(Account).at("a").deposit({ cents: fee });
  isTrue<Same<typeof balance, number>>();
  // @ts-expect-error the input is of another type
  await context.client(Quotes).fee("1");
}

/** As above: what declarations are, and which options they take. */
export function declarations(): void {
  isTrue<
    Same<
      typeof Quotes.methods.fee,
      Method<{ cents: number }, { fee: number }, NoErrors, { cents: number }, { fee: number }>
    >
  >();
  isTrue<Same<typeof Quotes.methods.ping, Method<void, void, NoErrors, void, void>>>();
  isTrue<Same<typeof Quotes.methods.notify, Oneway<{ text: string }, { text: string }>>>();
  isTrue<Same<keyof CallOptions, "signal" | "timeoutMs" | "headers" | "idempotencyKey">>();
  // @ts-expect-error no such option
  method({ retries: 5 });
  // @ts-expect-error the option is of another type
  method({ safe: 1 });
  // @ts-expect-error the option is of another type
  method({ timeoutMs: "5" });
  // @ts-expect-error a key is a text
  method<{ n: number }>({ key: ({ n }) => n });
  // @ts-expect-error a schema is needed
  method({ input: 5 });
  // @ts-expect-error one-way methods have no output
  method.oneway({ output: undefined });
  // @ts-expect-error one-way methods have no errors
  method.oneway({ errors: {} });
  // @ts-expect-error one-way methods answer nothing
  method.oneway<string, string, number>();
  // @ts-expect-error the name is the version
  defineService("test.A", { ping: method() }, { version: 2 });
  // @ts-expect-error slots are a service's
  defineEntity("test.A", { ping: method() }, { slots: 4 });
  // @ts-expect-error foreign contracts are services
  defineEntity("test.A", { ping: method() }, { foreign: true });
  // @ts-expect-error method() makes methods
  defineService("test.A", { ping: () => {} });
  // @ts-expect-error a contract is read-only
  Quotes.methods.ping = method();
  // @ts-expect-error and so is its name
  Quotes.name = "test.Other";
  method<{ n: number }>({ key: ({ n }) => String(n) });
}

/** As above: `Contract` is any contract, of whichever methods. */
export function anyContract(): readonly Contract[] {
  const service: Service = Quotes;
  const entity: Entity = Account;
  // @ts-expect-error an entity is no service
  const wrongService: Service = Account;
  // @ts-expect-error a service is no entity
  const wrongEntity: Entity = Quotes;
  // @ts-expect-error a contract is more than its name
  const nothing: Contract = { name: "test.Nothing" };
  return [Quotes, Account, service, entity, wrongService, wrongEntity, nothing];
}

Deno.test("defineService keeps the names of its methods in the type and in the value", () => {
  const names: readonly (keyof typeof Quotes.methods)[] = ["fee", "find", "ping", "notify", "wake"];
  assert.deepEqual(Object.keys(Quotes.methods), names);
});

Deno.test("defineEntity keeps the names of its methods in the type and in the value", () => {
  const names: readonly (keyof typeof Account.methods)[] = ["deposit", "close"];
  assert.deepEqual(Object.keys(Account.methods), names);
});
