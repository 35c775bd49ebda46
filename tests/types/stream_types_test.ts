import assert from "node:assert/strict";
import {
  actor,
  type Client,
  defineEntity,
  defineService,
  type HandlerInput,
  type Handlers,
  type ItemStream,
  method,
  type MethodContext,
  type NoErrors,
  type Service,
  type ServiceHandlers,
  type Stream,
  type,
} from "rocket-actors";
import { z } from "zod";
import { isTrue, type Same } from "./same.ts";

const Feed = defineService("test.Feed", {
  prices: method.stream<{ symbol: string }, { cents: number }>(),
  all: method.stream<void, number>(),
  find: method.stream({
    input: z.object({ day: z.string(), pages: z.int().default(1) }),
    item: z.object({ cents: z.string().transform(Number) }),
    errors: { Closed: z.object({ until: z.string() }) },
  }),
});
const Account = defineEntity("test.Account", { entries: method.stream<string, { cents: number }>() });

interface FeedMethods {
  readonly prices: Stream<{ symbol: string }, { cents: number }>;
}

/** Never run: every line is a claim about types, and a line that stops being an error stops the check. */
export async function calls(feed: Client<typeof Feed>, accounts: Client<typeof Account>): Promise<void> {
  const stream = feed.prices({ symbol: "A" }, { timeoutMs: 5 });
  isTrue<Same<typeof stream, ItemStream<{ cents: number }>>>();
  for await (const price of stream) isTrue<Same<typeof price, { cents: number }>>();
  for await (const found of feed.find({ day: "today" })) isTrue<Same<typeof found.cents, number>>();
  const step = await feed.all().next();
  if (!step.done) isTrue<Same<typeof step.value, number>>();
  await using entries = accounts.at("acc-1").entries("today");
  isTrue<Same<typeof entries, ItemStream<{ cents: number }>>>();
  // @ts-expect-error the input is of another type
  feed.prices({ symbol: 5 });
  // @ts-expect-error the input is missing
  feed.prices();
  // @ts-expect-error it takes no input
  feed.all(5);
  // @ts-expect-error no such option
  feed.all(undefined, { timeout: 5 });
  // @ts-expect-error a stream is no promise
  (await feed.all()).toFixed();
  // @ts-expect-error a stream is read as it comes
  for (const _ of feed.all());
  // @ts-expect-error the item is of another type
  for await (const _ of feed.all()) isTrue<Same<typeof _, string>>();
  // @ts-expect-error nothing is sent back to a stream
  await feed.all().next(5);
}

/** As above, for the serving side. */
export function handlers(): readonly ServiceHandlers<typeof Feed>[] {
  const all = () => [1, 2];
  const prices = all2;
  const find = () => [{ cents: "5" }];
  return [
    {
      async *prices({ symbol }, ctx) {
        isTrue<Same<typeof symbol, string>>();
        yield { cents: await Promise.resolve(ctx.attempt) };
      },
      *all() {
        yield 1;
      },
      async *find({ day, pages }, ctx) {
        isTrue<Same<typeof pages, number>>();
        if (await Promise.resolve(day === "")) throw ctx.error("Closed", { until: "Monday" });
        yield { cents: "5" };
      },
    },
    { all, prices, find },
    { all: async () => await Promise.resolve(all()), prices, find },
    { all: actor(() => all), prices, find },
    { all: () => new Set([1]), prices, find: () => ReadableStream.from([{ cents: "5" }]) },
    // @ts-expect-error an item is no stream
    { all: () => 5, prices, find },
    // @ts-expect-error a text is no stream
    { all: () => "12", prices, find },
    // @ts-expect-error the items are of another type
    { all: () => ["1"], prices, find },
    // @ts-expect-error the schema takes another type
    { all, prices, find: () => [{ cents: 5 }] },
    {
      all,
      find,
      // @ts-expect-error what is yielded is of another type
      async *prices() {
        yield { euros: await Promise.resolve(5) };
      },
    },
    // @ts-expect-error a handler is missing
    { all, prices },
    // @ts-expect-error a method that declares no errors ends with none
    { all, find, prices: (_, ctx) => [ctx.error("Closed")] },
  ];
}

function* all2(): Generator<{ cents: number }> {
  yield { cents: 5 };
}

/** As above: what declarations are, and which options they take. */
export function declarations(): void {
  isTrue<
    Same<
      typeof Feed.methods.prices,
      Stream<{ symbol: string }, { cents: number }, NoErrors, { symbol: string }, { cents: number }>
    >
  >();
  isTrue<Same<HandlerInput<typeof Feed, "find">, { day: string; pages: number }>>();
  const named: Service<FeedMethods> = defineService("test.Named", {
    prices: method.stream<{ symbol: string }, { cents: number }>(),
  });
  // @ts-expect-error a call is no stream
  const wrong: Service<FeedMethods> = defineService("test.Wrong", {
    prices: method<{ symbol: string }, { cents: number }>(),
  });
  // @ts-expect-error a stream has items, no output
  method.stream({ output: type<number>() });
  // @ts-expect-error a schema is needed
  method.stream({ item: 5 });
  // @ts-expect-error where types are given, the errors' are too
  method.stream<void, number>({ errors: { Closed: type<void>() } });
  void [named, wrong];
}

/** As above: a class serves streams with methods that are generators. */
export class FeedActor implements Pick<Handlers<typeof Feed>, "prices" | "find"> {
  async *prices({ symbol }: HandlerInput<typeof Feed, "prices">): AsyncGenerator<{ cents: number }> {
    yield { cents: await Promise.resolve(symbol.length) };
  }

  *find(_: unknown, ctx: MethodContext<typeof Feed, "find">): Generator<{ cents: string }> {
    if (ctx.attempt > 1) throw ctx.error("Closed", { until: "Monday" });
    yield { cents: "5" };
  }
}

Deno.test("method.stream has the types of its input and its items, whoever writes them down", () => {
  assert.deepEqual(Object.values(Feed.methods).map(({ kind }) => kind), ["stream", "stream", "stream"]);
});
