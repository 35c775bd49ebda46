import assert from "node:assert/strict";
import type { SchemaIssue } from "../../../src/contract/schema.ts";
import { validate } from "../../../src/server/validation.ts";
import { broken, capitals, schemaOf, slowCapitals } from "../../helpers/schemas.ts";

const refusing = (issues: readonly SchemaIssue[]) => schemaOf(() => ({ issues }));

Deno.test("validate gives back what the schema parsed, at once or later", async () => {
  assert.equal(validate(capitals, "a", "it"), "A");
  const later = validate(slowCapitals, "a", "it");
  assert.ok(later instanceof Promise);
  assert.equal(await later, "A");
});

Deno.test("validate names every path as people write it, at once or later", async () => {
  const text = "Cannot accept the input: items[0].name: must be a text";
  assert.throws(() => validate(capitals, 1, "the input"), { name: "TypeError", message: text });
  await assert.rejects(async () => await validate(slowCapitals, 1, "the input"), {
    name: "TypeError",
    message: text,
  });
  const texts: readonly [readonly SchemaIssue[], string][] = [
    [[{ message: "no" }], "no"],
    [[{ message: "no", path: [] }, { message: "never", path: ["a", "b"] }], "no; a.b: never"],
    [[{ message: "no", path: [0, 1] }], "[0][1]: no"],
    [[{ message: "no", path: [Symbol("s")] }], "Symbol(s): no"],
    [Array.from({ length: 7 }, () => ({ message: "no" })), "no; no; no; no; no; and 2 more"],
    [[], "its schema refused it"],
  ];
  for (const [issues, end] of texts) {
    assert.throws(() => validate(refusing(issues), 1, "it"), { message: `Cannot accept it: ${end}` });
  }
});

Deno.test("validate refuses the value where the schema itself is out of order", async () => {
  assert.throws(() => validate(broken, 1, "it"), /Cannot check it: its schema failed: Out of order/);
  const rejecting = schemaOf(() => Promise.reject(new Error("Out of order")));
  await assert.rejects(async () => await validate(rejecting, 1, "it"), /its schema failed: Out of order/);
  for (const answer of [undefined, null, 1, "yes"]) {
    // What a library breaks its word with.
    const odd = schemaOf(() => answer as never);
    assert.throws(() => validate(odd, 1, "it"), /its schema answered with/);
  }
  assert.throws(
    () => validate(schemaOf(() => ({ issues: "no" }) as never), 1, "it"),
    /its schema refused it/,
  );
});

Deno.test("validate waits for any promise-like result", async () => {
  const thenable = { then: (resolve: (result: unknown) => void) => resolve({ value: 7 }) };
  const later = validate(schemaOf(() => thenable as never), 1, "it");
  assert.ok(later instanceof Promise);
  assert.equal(await later, 7);
});
