import assert from "node:assert/strict";
import * as fc from "fast-check";
import { type AnySchema, type } from "../../../src/contract/schema.ts";
import { SchemaError, validate } from "../../../src/contract/validate.ts";

/** A schema that answers what no type would let it: that it breaks its type is what is tested. */
function schemaOf(answer: (value: unknown) => unknown): AnySchema {
  const validate = answer as AnySchema["~standard"]["validate"];
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const refusing = (issues: unknown) => schemaOf(() => ({ issues }));

function textOf(issues: unknown): string {
  try {
    validate(refusing(issues), 5, "input");
  } catch (error) {
    if (error instanceof SchemaError) return error.message;
    throw error;
  }
  throw new assert.AssertionError({ message: "validate() took it" });
}

Deno.test("validate gives a value back as it is where nothing is to be checked", () => {
  const value = { then: "not a promise" };
  assert.equal(validate(undefined, value, "input"), value);
  assert.equal(validate(type<string>(), value, "input"), value);
  assert.equal(validate(undefined, undefined, "input"), undefined);
});

Deno.test("validate answers at once where the schema does", () => {
  assert.equal(validate(schemaOf((value) => ({ value: Number(value) })), "5", "input"), 5);
  assert.equal(validate(schemaOf(() => ({ value: undefined, issues: undefined })), 5, "input"), undefined);
});

Deno.test("validate answers by a promise where the schema does, of whichever making", async () => {
  const later = validate(schemaOf((value) => Promise.resolve({ value: Number(value) })), "5", "input");
  assert.ok(later instanceof Promise);
  assert.equal(await later, 5);
  const thenable = {
    then: (resolve: (result: unknown) => void) => resolve({ value: "own" }),
  };
  const own = validate(schemaOf(() => thenable), 5, "input");
  assert.ok(own instanceof Promise);
  assert.equal(await own, "own");
});

Deno.test("validate refuses with the places and the schema's issues", async () => {
  const issues = [
    { message: "expected number", path: ["cents"] },
    { message: "too long", path: [{ key: "names" }, 3, { key: "first name" }] },
  ];
  const expected = {
    name: "SchemaError",
    message: 'input.cents: expected number; input.names[3]["first name"]: too long',
    issues,
  };
  assert.throws(() => validate(refusing(issues), 5, "input"), expected);
  const later = validate(schemaOf(() => Promise.resolve({ issues })), 5, "input");
  await assert.rejects(Promise.resolve(later), expected);
});

Deno.test("validate names every kind of place", () => {
  const places: readonly (readonly [path: unknown, text: string])[] = [
    [undefined, "input: no"],
    [[], "input: no"],
    [["a", "b"], "input.a.b: no"],
    [[0, "$x", "_"], "input[0].$x._: no"],
    [["", "0", "a-b", "ä"], 'input[""]["0"]["a-b"]["ä"]: no'],
    [[Symbol("s")], "input[Symbol(s)]: no"],
    [[{ key: "a" }, { key: 1 }], "input.a[1]: no"],
    [[{}, null, { key: {} }], "input[?][?][?]: no"],
    ["a", "input: no"],
  ];
  for (const [path, text] of places) assert.equal(textOf([{ message: "no", path }]), text);
});

Deno.test("validate refuses without a reason where the schema gives none", () => {
  assert.equal(textOf([]), "input: refused without a reason");
  assert.equal(textOf([{}]), "input: refused");
  assert.equal(textOf([null, 5, { message: 5 }]), "input: refused; input: refused; input: refused");
});

Deno.test("validate tells the first three issues and the number of the others, and keeps twenty", () => {
  const issues = Array.from({ length: 1_000 }, (_, index) => ({ message: "no", path: [index] }));
  assert.equal(textOf(issues.slice(0, 3)), "input[0]: no; input[1]: no; input[2]: no");
  assert.equal(textOf(issues), "input[0]: no; input[1]: no; input[2]: no; and 997 more");
  assert.throws(
    () => validate(refusing(issues), 5, "input"),
    (error) => error instanceof SchemaError && error.issues.length === 20 && error.issues[19] === issues[19],
  );
});

Deno.test("validate says no more than 512 well-formed characters, whatever the schema says", () => {
  const segment = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.constant({ key: "k".repeat(1_000) }),
  );
  const issue = fc.record({
    message: fc.oneof(fc.string({ unit: "binary", maxLength: 600 }), fc.constant("\ud83d".repeat(300))),
    path: fc.array(segment, { maxLength: 12 }),
  });
  fc.assert(fc.property(fc.array(issue, { maxLength: 8 }), (issues) => {
    const text = textOf(issues);
    assert.ok(text.length <= 512 && text.isWellFormed());
    assert.ok(text.startsWith("input"));
    if (issues.length > 3) assert.ok(text.endsWith(`; and ${issues.length - 3} more`));
  }));
  assert.equal(textOf([{ message: "half \ud83d", path: ["\ud83d"] }]), 'input["\\ud83d"]: half \ufffd');
  assert.equal(textOf([{ message: "x".repeat(200) }]), `input: ${"x".repeat(159)}…`);
});

Deno.test("validate says which schema failed, and keeps why, where a schema throws or rejects", async () => {
  const cause = new Error("no such table");
  const throwing = schemaOf(() => {
    throw cause;
  });
  assert.throws(() => validate(throwing, 5, "output"), {
    name: "TypeError",
    message: "Cannot check output: its schema (test) threw: no such table",
    cause,
  });
  const rejecting = validate(schemaOf(() => Promise.reject(cause)), 5, "output");
  await assert.rejects(Promise.resolve(rejecting), {
    name: "TypeError",
    message: "Cannot check output: its schema (test) rejected: no such table",
    cause,
  });
  const odd = validate(schemaOf(() => Promise.reject({})), 5, "output");
  await assert.rejects(Promise.resolve(odd), {
    message: "Cannot check output: its schema (test) rejected: object",
  });
});

Deno.test("validate says which schema answered what no schema may answer", async () => {
  const answers: readonly (readonly [answer: unknown, text: string])[] = [
    [undefined, "answered undefined"],
    [null, "answered null"],
    [true, "answered boolean"],
    ["ok", "answered string"],
    [{}, "answered neither a value nor issues"],
    [{ issues: "none" }, "answered issues that are no array"],
    [{ issues: null }, "answered issues that are no array"],
  ];
  for (const [answer, text] of answers) {
    const expected = { name: "TypeError", message: `Cannot check input: its schema (test) ${text}` };
    assert.throws(() => validate(schemaOf(() => answer), 5, "input"), expected);
    const later = validate(schemaOf(() => Promise.resolve(answer)), 5, "input");
    await assert.rejects(Promise.resolve(later), expected);
  }
});

Deno.test("validate calls the schema once, as a method of the standard's object", () => {
  let calls = 0;
  const schema: AnySchema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate(this: unknown, value) {
        calls++;
        assert.equal(this, schema["~standard"]);
        return { value };
      },
    },
  };
  validate(schema, 5, "input");
  assert.equal(calls, 1);
});
