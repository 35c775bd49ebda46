/**
 * Outcomes: every failed call says what is known about it, so that a caller knows what it may do next.
 *
 *     deno run -A examples/10_outcomes.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, neverRan, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Served = defineService("demo.Served", {
  refuse: method(),
  slow: method<number, void>(),
  wrong: method<void, bigint | (() => void)>(),
});
const Absent = defineService("demo.Absent", { ping: method() });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "demo", transport });
await system.serve(Served, {
  refuse: () => {
    throw new RpcError("permission_denied", "Not you");
  },
  slow: (ms, { signal }) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    }),
  wrong: () => () => {},
});

const served = system.client(Served);
const calls: Record<string, () => Promise<unknown>> = {
  "the handler refuses": () => served.refuse(),
  "nobody serves it": () => system.client(Absent).ping(),
  "too slow": () => served.slow(10_000, { timeoutMs: 300 }),
  "an answer that cannot travel": () => served.wrong(),
};
for (const [what, call] of Object.entries(calls)) {
  const failure = await call().then(() => undefined, RpcError.from);
  if (failure === undefined) continue;
  const again = neverRan(failure.outcome) ? "safe to call again" : "it may have run";
  console.log(`${what}: ${failure.code}, ${failure.outcome}: ${again}`);
}

// Prints:
// the handler refuses: permission_denied, replied: it may have run
// nobody serves it: unavailable, not_sent: safe to call again
// too slow: deadline_exceeded, executed_reply_lost: it may have run
// an answer that cannot travel: internal, executed_reply_lost: it may have run
