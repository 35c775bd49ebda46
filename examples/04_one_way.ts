/**
 * One-way calls resolve when the broker has stored them: nobody waits for the handler, and they also wait for a
 * service that is not running yet.
 *
 *     deno run -A examples/04_one_way.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Notices = defineService("bank.Notices", {
  notify: method.oneway<{ customer: string; text: string }>({ idempotent: true }),
});

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });

const { promise: both, resolve } = Promise.withResolvers<void>();
const seen: string[] = [];
await system.serve(Notices, {
  notify: ({ customer, text }) => {
    seen.push(`${customer}: ${text}`);
    if (seen.length === 2) resolve();
  },
});

const notices = system.client(Notices);
const receipts = await Promise.all([
  notices.notify({ customer: "a", text: "booked" }),
  notices.notify({ customer: "b", text: "declined" }),
]);
console.log("stored:", receipts.every(({ callId, messageId }) => callId !== "" && messageId !== ""));
await both;
console.log(seen.sort().join(", "));

// Prints:
// stored: true
// a: booked, b: declined
