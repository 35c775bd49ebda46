import assert from "node:assert/strict";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { type AnySchema, isSchema, isUnchecked, type Schema } from "../../src/contract/schema.ts";
import { SchemaError, validate } from "../../src/contract/validate.ts";

/** What a caller passes. */
export interface TransferInput {
  from: string;
  /** Digits: the handler gets a number. */
  cents: string;
  /** Left out, the handler gets `none`. */
  note?: string | undefined;
}

/** What the handler gets. */
export interface Transfer {
  from: string;
  cents: number;
  note: string;
}

/** A value with places deep inside. */
export interface Order {
  items: { name: string; cents: number }[];
  customer: { "first name": string };
}

/** The same three schemas, as one library writes them. */
export interface Schemas {
  /** Input and output differ: a text becomes a number, and what is left out gets a default. */
  readonly transfer: Schema<TransferInput, Transfer>;
  /** Input and output are the same. */
  readonly order: Schema<Order, Order>;
  /** Its transformation throws. */
  readonly throwing: Schema<string, unknown>;
}

/** A library that follows Standard Schema. */
export interface SchemaLibrary {
  readonly name: string;
  /** What becomes of properties that an object's schema does not name. */
  readonly unknownKeys: "dropped" | "kept";
  readonly synchronous: Schemas;
  /** The library's own asynchronous schemas, where it has any. */
  readonly asynchronous?: Schemas;
}

/** What every library has to do, whether its schemas answer at once or later. */
export function testSchemas(library: SchemaLibrary): void {
  const later = {
    transfer: delayed(library.synchronous.transfer),
    order: delayed(library.synchronous.order),
    throwing: delayed(library.synchronous.throwing),
  };
  testForm(`${library.name}, synchronous`, library, library.synchronous, false);
  testForm(`${library.name}, answered later`, library, later, true);
  if (library.asynchronous !== undefined) {
    testForm(`${library.name}, asynchronous`, library, library.asynchronous, true);
  }
}

/** As the schema, but its answer comes later. */
function delayed<In, Out>(schema: Schema<In, Out>): Schema<In, Out> {
  const { vendor, validate } = schema["~standard"];
  return { "~standard": { version: 1, vendor, validate: async (value) => await validate(value) } };
}

const ORDER: Order = {
  items: [{ name: "tea", cents: 250 }, { name: "cup", cents: 900 }],
  customer: { "first name": "Ada" },
};

function testForm(form: string, library: SchemaLibrary, schemas: Schemas, later: boolean): void {
  const { transfer, order, throwing } = schemas;

  /** Checks that the answer comes when it should, and gives it. */
  async function check(schema: AnySchema, value: unknown, what = "input"): Promise<unknown> {
    const result = validate(schema, value, what);
    assert.equal(result instanceof Promise, later, "it answers when the schema does");
    return await result;
  }

  /** The text and the issues of a refusal. */
  async function refusal(schema: AnySchema, value: unknown, what?: string): Promise<SchemaError> {
    try {
      await check(schema, value, what);
    } catch (error) {
      if (error instanceof SchemaError) return error;
      throw error;
    }
    throw new assert.AssertionError({ message: "the value was taken" });
  }

  Deno.test(`schema (${form}) is known as one, and checks`, () => {
    for (const schema of [transfer, order, throwing]) assert.ok(isSchema(schema) && !isUnchecked(schema));
  });

  Deno.test(`schema (${form}) gives back what it parsed`, async () => {
    assert.deepEqual(await check(order, ORDER), ORDER);
  });

  Deno.test(`schema (${form}) transforms`, async () => {
    const given: TransferInput = { from: "a", cents: "500", note: "rent" };
    assert.deepEqual(await check(transfer, given), { from: "a", cents: 500, note: "rent" });
    assert.deepEqual(given, { from: "a", cents: "500", note: "rent" }, "what was given stays as it is");
  });

  Deno.test(`schema (${form}) fills in defaults`, async () => {
    assert.deepEqual(await check(transfer, { from: "a", cents: "5" }), { from: "a", cents: 5, note: "none" });
  });

  Deno.test(`schema (${form}) refuses to parse what it has parsed: nothing may be parsed twice`, async () => {
    const once = await check(transfer, { from: "a", cents: "5" });
    assert.match((await refusal(transfer, once)).message, /^input\.cents: /);
  });

  Deno.test(`schema (${form}): unknown properties are ${library.unknownKeys}`, async () => {
    const parsed = await check(transfer, { from: "a", cents: "5", note: "", extra: 5 });
    const known = { from: "a", cents: 5, note: "" };
    assert.deepEqual(parsed, library.unknownKeys === "kept" ? { ...known, extra: 5 } : known);
  });

  Deno.test(`schema (${form}) names the place of an issue`, async () => {
    const items = [ORDER.items[0], { name: "cup", cents: "900" }];
    const deep = await refusal(order, { ...ORDER, items }, "output");
    assert.match(deep.message, /^output\.items\[1\]\.cents: .*number/);
    assert.equal(deep.issues.length, 1);
    const quoted = await refusal(order, { ...ORDER, customer: { "first name": 5 } });
    assert.match(quoted.message, /^input\.customer\["first name"\]: .*string/);
    const missing = await refusal(order, { items: [] });
    assert.match(missing.message, /^input\.customer: /);
    const root = await refusal(order, undefined);
    assert.match(root.message, /^input: /);
  });

  Deno.test(`schema (${form}) names several issues`, async () => {
    const items = Array.from({ length: 5 }, () => ({ name: "tea", cents: null }));
    const several = await refusal(order, { ...ORDER, items });
    assert.match(several.message, /^input\.items\[0\]\.cents: .*; input\.items\[1\].*; and 2 more$/);
    assert.equal(several.issues.length, 5);
    assert.ok(several.issues.every(({ message }) => typeof message === "string"));
  });

  Deno.test(`schema (${form}) that throws is no refusal`, async () => {
    await assert.rejects(
      async () => await validate(throwing, "text", "input"),
      (error) =>
        error instanceof TypeError &&
        /^Cannot check input: its schema \(\w+\) (threw|rejected)/.test(error.message) &&
        error.cause instanceof Error,
    );
  });

  Deno.test(`schema (${form}) stands in a contract as it was written`, async () => {
    const Contract = defineService("test.Schemas", {
      run: method({
        input: transfer,
        output: order,
        errors: { Odd: order },
        key: ({ from, cents }) => `${from}${cents + 1}`,
      }),
      told: method.oneway({ input: transfer }),
    });
    const { input, output, errors, key } = Contract.methods.run.settings;
    assert.equal(input, transfer);
    assert.equal(output, order);
    assert.equal(errors.Odd?.details, order);
    assert.equal(Contract.methods.told.settings.input, transfer);
    assert.equal(key?.(await check(transfer, { from: "a", cents: "5" })), "a6");
  });
}
