/**
 * Streams: a handler that yields answers item by item. Whoever reads slowly slows it, whoever leaves the loop stops it.
 *
 *     deno run -A examples/21_stream.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError, type } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const History = defineService("bank.History", {
  entries: method.stream({
    input: type<{ account: string; from: number }>(),
    item: type<{ number: number; cents: number }>(),
    errors: { NoAccount: type<{ account: string }>() },
  }),
});

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
let made = 0;
const stopped = Promise.withResolvers<string>();
await system.serve(History, {
  async *entries({ account, from }, ctx) {
    if (account !== "alice") throw ctx.error("NoAccount", { account });
    try {
      for (let number = from;; number++) {
        made++;
        yield { number, cents: await Promise.resolve(number * 100) };
      }
    } finally {
      stopped.resolve("the handler was stopped");
    }
  },
});
const history = system.client(History, { timeoutMs: 30_000 });

for await (const { number, cents } of history.entries({ account: "alice", from: 1 })) {
  console.log(`entry ${number}: ${cents}`);
  if (number === 2) {
    // No more than 64 items are on their way, or wait here: the handler waits for its reader.
    await new Promise((resolve) => setTimeout(resolve, 200));
    console.log(`made while nobody read: ${made > 60 && made < 70 ? "as many as there is room for" : made}`);
  }
  if (number === 3) break;
}
console.log(await stopped.promise);

try {
  for await (const entry of history.entries({ account: "bob", from: 1 })) console.log(entry);
} catch (error) {
  const failure = RpcError.from(error);
  if (failure.is(History, "NoAccount")) {
    console.log(`no account ${failure.details.account}: ${failure.outcome}`);
  }
}

// Prints:
// entry 1: 100
// entry 2: 200
// made while nobody read: as many as there is room for
// entry 3: 300
// the handler was stopped
// no account bob: replied
