import assert from "node:assert/strict";
import type {
  Actor,
  Awaitable,
  CellContext,
  Contract,
  EntityFactory,
  HandlerContext,
  HandlerInput,
  Handlers,
  Implementation,
  MethodContext,
  Service,
  ServiceHandlers,
} from "rocket-actors";
import { defineEntity, defineService, method, type } from "rocket-actors";
import { z } from "zod";
import { isTrue, type Same } from "./same.ts";

const Payments = defineService("test.Payments", {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method({
    input: z.object({ cents: z.string().transform(Number) }),
    output: z.string(),
    errors: { Short: type<{ missing: number }>() },
  }),
  ping: method(),
  notify: method.oneway<string>(),
}, { errors: { Closed: type<void>() } });

const Account = defineEntity("test.Account", {
  deposit: method<{ cents: number }, { balance: number }>(),
  note: method.oneway<string>(),
});

/** The form of the two functions through which a user meets these types. */
type Serve = <C extends Contract>(contract: C, implementation: Implementation<C>) => void;
type MakeActor = <H>(factory: (cell: CellContext) => Awaitable<H>) => Actor<H>;

/** Never run: functions and actors for the methods of a service, their parameters inferred. */
export function service(serve: Serve, actor: MakeActor): void {
  const ping = () => {};
  const notify = (text: string) => void text.length;
  serve(Payments, {
    quote: actor((cell) => {
      isTrue<Same<typeof cell, CellContext>>();
      let fee = 0;
      return (input, ctx) => {
        isTrue<Same<typeof input, { cents: number }>>();
        isTrue<Same<typeof ctx, MethodContext<typeof Payments, "quote">>>();
        return { fee: fee += input.cents };
      };
    }),
    transfer: actor(() => async (input, ctx) => {
      isTrue<Same<typeof input, { cents: number }>>();
      if (input.cents > 5) throw ctx.error("Short", { missing: input.cents });
      if (input.cents > 4) throw ctx.error("Closed");
      return await Promise.resolve("receipt");
    }),
    ping: actor(async ({ signal, key }) => {
      isTrue<Same<typeof key, string | undefined>>();
      await Promise.resolve(signal);
      return (_, ctx) => void ctx.self.stop();
    }),
    notify: (text, ctx) => void ctx.log.info(text.toUpperCase()),
  });
  const closing = () => Object.assign(ping, { [Symbol.asyncDispose]: () => Promise.resolve() });
  const transfer = () => "receipt";
  const quote = () => ({ fee: 5 });
  serve(Payments, { quote, transfer, notify, ping: actor(closing) });
  // @ts-expect-error the actor's result is of another type
  serve(Payments, { quote: actor(() => ({ cents }) => ({ fee: String(cents) })), transfer, notify, ping });
  // @ts-expect-error the actor takes another input
  serve(Payments, { quote: actor(() => (cents: number) => ({ fee: cents })), transfer, notify, ping });
  // @ts-expect-error an actor is made of a factory of handlers
  serve(Payments, { quote: actor(quote), transfer, notify, ping });
  // @ts-expect-error a method without output answers nothing
  serve(Payments, { quote, transfer, notify, ping: actor(() => () => 5) });
  serve(Payments, {
    quote: actor(() => (_, ctx) => {
      // @ts-expect-error the method declares no such error
      throw ctx.error("Short", { missing: 5 });
    }),
    transfer,
    notify,
    ping,
  });
  // @ts-expect-error a handler is missing
  serve(Payments, { quote, transfer, notify });
  // @ts-expect-error no such method
  serve(Payments, { quote, transfer, notify, ping, extra: () => {} });
  // @ts-expect-error a factory by key is an entity's
  serve(Payments, (_key: string) => ({ quote, transfer, notify, ping }));
}

/** As above: a factory makes the actor of each key, at once or later. */
export function entity(serve: Serve, actor: MakeActor): void {
  serve(Account, (key, cell) => {
    isTrue<Same<typeof key, string>>();
    isTrue<Same<typeof cell, CellContext>>();
    let balance = 0;
    return {
      deposit: (input, ctx) => {
        isTrue<Same<typeof input, { cents: number }>>();
        isTrue<Same<typeof ctx.key, string | undefined>>();
        return { balance: balance += input.cents };
      },
      note: (text) => void text.length,
    };
  });
  serve(Account, async (key) => {
    const notes = await Promise.resolve([key]);
    return {
      deposit: ({ cents }) => ({ balance: cents }),
      note: (text) => void notes.push(text),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  });
  serve(Account, (key) => new AccountActor(key));
  const note = () => {};
  const deposit = () => ({ balance: 5 });
  // @ts-expect-error the result is of another type
  serve(Account, () => ({ note, deposit: ({ cents }) => ({ balance: String(cents) }) }));
  // @ts-expect-error a handler is missing
  serve(Account, () => ({ note }));
  // @ts-expect-error an entity is served by a factory
  serve(Account, { note, deposit });
  // @ts-expect-error all of an entity is one actor
  serve(Account, () => ({ note, deposit: actor(() => deposit) }));
  // @ts-expect-error disposal is a function
  serve(Account, () => ({ note, deposit, [Symbol.asyncDispose]: 5 }));
}

/** A class by its methods; helper types name what is not inferred. */
class PaymentsByClass implements Handlers<typeof Payments> {
  #fees = 0;
  quote({ cents }: { cents: number }): { fee: number } {
    return { fee: this.#fees += cents };
  }
  async transfer(
    { cents }: HandlerInput<typeof Payments, "transfer">,
    ctx: MethodContext<typeof Payments, "transfer">,
  ): Promise<string> {
    isTrue<Same<typeof cents, number>>();
    if (cents > 5) throw ctx.error("Short", { missing: cents });
    return await Promise.resolve("receipt");
  }
  ping(_: void, ctx: HandlerContext): void {
    ctx.signal.throwIfAborted();
  }
  readonly notify: Handlers<typeof Payments>["notify"] = (text) => void text.length;
  /** Not of the contract: a class may have more. */
  more(): void {}
}

class AccountActor implements Handlers<typeof Account> {
  readonly key: string;
  #balance = 0;
  constructor(key: string) {
    this.key = key;
  }
  deposit({ cents }: { cents: number }): { balance: number } {
    return { balance: this.#balance += cents };
  }
  note(): void {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** As above: classes that do not implement what they say. */
export function classes(serve: Serve): void {
  serve(Payments, new PaymentsByClass());
  // @ts-expect-error a service is served by the instance
  serve(Payments, PaymentsByClass);
  // @ts-expect-error the instance of another contract
  serve(Payments, new AccountActor("a"));
  // @ts-expect-error one instance for all keys is none per key
  serve(Account, new AccountActor("a"));
  return void [
    class implements Handlers<typeof Account> {
      note(): void {}
      // @ts-expect-error the input is of another type
      deposit({ cents }: { cents: string }): { balance: number } {
        return { balance: cents.length };
      }
    },
    // @ts-expect-error a method is missing
    class implements Handlers<typeof Account> {
      note(): void {}
    },
  ];
}

/** As above: the types by themselves, and of any contract. */
export function named(any: Contract): readonly unknown[] {
  isTrue<Same<Implementation<typeof Account>, EntityFactory<typeof Account>>>();
  isTrue<Same<Implementation<typeof Payments>, ServiceHandlers<typeof Payments>>>();
  isTrue<Same<HandlerInput<typeof Payments, "transfer">, { cents: number }>>();
  isTrue<Same<HandlerInput<typeof Payments, "notify">, string>>();
  // @ts-expect-error no such method
  isTrue<Same<HandlerInput<typeof Payments, "transfers">, string>>();
  const service: Service = Payments;
  return [any, service];
}

Deno.test("Handlers is implemented by a class, its parameters named by helper types", async () => {
  const payments = new PaymentsByClass();
  assert.deepEqual([payments.quote({ cents: 1 }), payments.quote({ cents: 2 })], [{ fee: 1 }, { fee: 3 }]);
  await using account = new AccountActor("a");
  assert.deepEqual([account.key, account.deposit({ cents: 5 })], ["a", { balance: 5 }]);
});
