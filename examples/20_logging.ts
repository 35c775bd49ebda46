/**
 * Logging: the library says nothing until LogTape is configured; then each part logs under its category, with
 * properties that machines can read.
 *
 *     deno run -A examples/20_logging.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { configure } from "@logtape/logtape";
import { createSystem, defineService, method } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

await configure({
  sinks: {
    lines: ({ category, level, rawMessage, properties }) => {
      console.log(category.join("/"), level, rawMessage, Object.keys(properties).sort().join(" "));
    },
  },
  loggers: [
    { category: ["rocket-actors", "callee"], sinks: ["lines"], lowestLevel: "error" },
    { category: ["rocket-actors", "handler"], sinks: ["lines"], lowestLevel: "info" },
    { category: ["logtape", "meta"], sinks: [] },
  ],
});

const Ledger = defineService("bank.Ledger", { book: method<string, void>() });
const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
await system.serve(Ledger, {
  book: (entry, ctx) => {
    ctx.log.info("booking {entry}", { entry });
    throw new Error("the ledger is closed");
  },
});
await system.client(Ledger).book("500").catch(() => {});

// Prints:
// rocket-actors/handler info booking {entry} callId contract entry key method
// rocket-actors/callee error Handler of {method} threw {error} on attempt {attempt} attempt callId error method
