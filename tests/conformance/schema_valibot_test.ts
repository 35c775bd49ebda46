import * as v from "valibot";
import { isTrue, type Same } from "../types/same.ts";
import { type Order, testSchemas, type Transfer, type TransferInput } from "./schema_suite.ts";

const transfer = v.object({
  from: v.string(),
  cents: v.pipe(v.string(), v.transform(Number)),
  note: v.optional(v.string(), "none"),
});
const order = v.object({
  items: v.array(v.object({ name: v.string(), cents: v.number() })),
  customer: v.object({ "first name": v.string() }),
});
function fail(): never {
  throw new Error("no such table");
}

isTrue<Same<v.InferInput<typeof transfer>, TransferInput>>();
isTrue<Same<v.InferOutput<typeof transfer>, Transfer>>();
isTrue<Same<v.InferOutput<typeof order>, Order>>();

testSchemas({
  name: "valibot",
  unknownKeys: "dropped",
  synchronous: { transfer, order, throwing: v.pipe(v.string(), v.transform(fail)) },
  asynchronous: {
    transfer: v.pipeAsync(transfer, v.checkAsync(async () => await Promise.resolve(true))),
    order: v.pipeAsync(order, v.checkAsync(async () => await Promise.resolve(true))),
    throwing: v.pipeAsync(v.string(), v.transformAsync(async () => await Promise.resolve().then(fail))),
  },
});
