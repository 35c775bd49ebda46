import assert from "node:assert/strict";
import { type } from "arktype";
import { validate } from "../../src/contract/validate.ts";
import { isTrue, type Same } from "../types/same.ts";
import { type Order, testSchemas, type Transfer } from "./schema_suite.ts";

const transfer = type({
  from: "string",
  cents: "string.numeric.parse",
  note: "string = 'none'",
});
const order = type({
  items: type({ name: "string", cents: "number" }).array(),
  customer: { "first name": "string" },
});
function fail(): never {
  throw new Error("no such table");
}

isTrue<Same<typeof transfer.inferIn, { from: string; cents: string; note?: string }>>();
isTrue<Same<typeof transfer.infer, Transfer>>();
isTrue<Same<typeof order.infer, Order>>();

// It has no asynchronous schemas.
testSchemas({
  name: "arktype",
  unknownKeys: "kept",
  synchronous: { transfer, order, throwing: type("string").pipe(fail) },
});

Deno.test("schema (arktype): unknown properties are dropped where it is told so, as the docs say", () => {
  const strict = type({ "+": "delete", from: "string" });
  assert.deepEqual(validate(strict, { from: "a", extra: 5 }, "input"), { from: "a" });
});
