import assert from "node:assert/strict";
import { z } from "zod";
import { createDeferred } from "../../src/async/deferred.ts";
import { validate } from "../../src/contract/validate.ts";
import { isTrue, type Same } from "../types/same.ts";
import { type Order, testSchemas, type Transfer, type TransferInput } from "./schema_suite.ts";

const transfer = z.object({
  from: z.string(),
  cents: z.string().transform(Number),
  note: z.string().default("none"),
});
const order = z.object({
  items: z.array(z.object({ name: z.string(), cents: z.number() })),
  customer: z.object({ "first name": z.string() }),
});
function fail(): never {
  throw new Error("no such table");
}

isTrue<Same<z.input<typeof transfer>, TransferInput>>();
isTrue<Same<z.output<typeof transfer>, Transfer>>();
isTrue<Same<z.output<typeof order>, Order>>();

testSchemas({
  name: "zod",
  unknownKeys: "dropped",
  synchronous: { transfer, order, throwing: z.string().refine((text) => text !== "text" || fail()) },
  asynchronous: {
    transfer: transfer.refine(async () => await Promise.resolve(true)),
    order: order.refine(async () => await Promise.resolve(true)),
    // What throws is not asynchronous itself: see the last test.
    throwing: z.string().refine(async () => await Promise.resolve(true)).refine(fail),
  },
});

Deno.test("schema (zod): asynchronous refinements run twice, and the first one's rejection is nobody's: see the docs", async () => {
  const unhandled = createDeferred<unknown>();
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.resolve(event.reason);
  };
  let runs = 0;
  const rejecting = z.string().refine(async () => {
    runs++;
    return await Promise.reject(new Error(`run ${runs}`));
  });
  globalThis.addEventListener("unhandledrejection", listener);
  try {
    await assert.rejects(async () => await validate(rejecting, "text", "input"), {
      message: /rejected: run 2$/,
    });
    assert.deepEqual(await unhandled.promise, new Error("run 1"));
  } finally {
    globalThis.removeEventListener("unhandledrejection", listener);
  }
  assert.equal(runs, 2);
});
