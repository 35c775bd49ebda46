/**
 * Cancel: a caller that gives up tells the handler, which sees it as `ctx.signal`.
 *
 *     deno run -A examples/12_cancel.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Reports = defineService("bank.Reports", { build: method<void, string>({ safe: true }) });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
const started = Promise.withResolvers<void>();
const stopped = Promise.withResolvers<string>();
await system.serve(Reports, {
  build: (_, { signal }) => {
    started.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        stopped.resolve(RpcError.from(signal.reason).code);
        reject(signal.reason);
      }, { once: true });
    });
  },
});

const controller = new AbortController();
const call = system.client(Reports).build(undefined, { signal: controller.signal, timeoutMs: 60_000 });
await started.promise;
controller.abort();
const { code, outcome } = await call.then(() => Promise.reject(new Error("it was cancelled")), RpcError.from);
console.log(`the caller: ${code}, ${outcome}`);
console.log(`the handler: ${await stopped.promise}`);

// Prints:
// the caller: cancelled, sent_unknown
// the handler: cancelled
