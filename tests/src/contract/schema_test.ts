import assert from "node:assert/strict";
import { isSchema, isUnchecked, type } from "../../../src/contract/schema.ts";

const standard = { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) };

Deno.test("isSchema knows objects and functions that follow the standard, and nothing else", () => {
  assert.ok(isSchema({ "~standard": standard }));
  assert.ok(isSchema(Object.assign(() => {}, { "~standard": standard })));
  assert.ok(isSchema(Object.create({ "~standard": standard })), "by way of its class");
  for (
    const other of [
      undefined,
      null,
      5,
      "~standard",
      {},
      () => {},
      standard,
      { "~standard": null },
      { "~standard": { ...standard, version: 2 } },
      { "~standard": { ...standard, validate: undefined } },
    ]
  ) assert.ok(!isSchema(other));
});

Deno.test("type makes a schema that lets everything through as it is", () => {
  const value = { any: "thing" };
  assert.ok(isSchema(type<number>()));
  assert.deepEqual(type<unknown>()["~standard"].validate(value), { value });
  assert.ok(Object.isFrozen(type()));
});

Deno.test("isUnchecked tells type() and no schema from the others", () => {
  assert.ok(isUnchecked(undefined) && isUnchecked(type<number>()));
  assert.ok(!isUnchecked({ "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } }));
});
