/**
 * A store of outcomes: the same piece of work, asked for twice under one idempotency key, is done once, also when
 * the process that did it has died before it could answer. Here the store is a SQLite file, for systems on one host.
 *
 *     deno run -A examples/16_store.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method, RpcError } from "rocket-actors";
import { sqliteStore } from "rocket-actors/store/sqlite";
import { exampleTransport } from "./transport.ts";

const Payments = defineService("bank.Payments", {
  transfer: method<{ cents: number }, { receipt: number }>({ idempotent: true }),
});

const { transport } = await exampleTransport(Deno.args);
const file = await Deno.makeTempFile({ suffix: ".db" });
await using store = sqliteStore(file);
await using system = await createSystem({ name: "bank", transport });
let booked = 0;
await system.serve(Payments, { transfer: () => ({ receipt: ++booked }) }, { store });

const payments = system.client(Payments);
const idempotencyKey = `order-${crypto.randomUUID()}`;
console.log(await payments.transfer({ cents: 5 }, { idempotencyKey }));
console.log(await payments.transfer({ cents: 5 }, { idempotencyKey }));
try {
  await payments.transfer({ cents: 6 }, { idempotencyKey });
} catch (error) {
  console.log("another transfer under the same key:", RpcError.from(error).code);
}

// Prints:
// { receipt: 1 }
// { receipt: 1 }
// another transfer under the same key: failed_precondition
