import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type } from "../../../src/contract/schema.ts";
import type { ContractOptions, ServiceOptions } from "../../../src/contract/types.ts";

const methods = { run: method() };

/** Methods and options as a program without types might write them, and the refusal without its beginning. */
interface Refusal {
  readonly methods?: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  readonly name?: "RangeError";
  readonly message: string;
}

const FOREIGN = "out: a foreign contract is served by a plain responder, which has none of it";

const OF_ALL: Readonly<Record<keyof ContractOptions, readonly Refusal[]>> = {
  codec: [5, null, "json", {}, { ...json, contentType: undefined }, { ...json, decode: "x" }, {
    ...json,
    encode: 5,
  }]
    .map((codec) => ({
      options: { codec },
      message: "'codec' must be a codec, with contentType, encode() and decode()",
    })),
  errors: [
    {
      methods: { run: method.oneway() },
      options: { errors: { Closed: type() } },
      message: "leave 'errors' out: all of its methods are one-way, and nobody gets their answers",
    },
    {
      methods: { run: method({ errors: { Closed: { details: type(), code: "aborted" } } }) },
      options: { errors: { Closed: type() } },
      message: `the error "Closed" is declared twice; use one schema object and one code for both`,
    },
  ],
  packing: [],
  indexCalls: [
    {
      options: { indexCalls: "none" },
      message: `'indexCalls' must be "calls" or "pack": current value is "none"`,
    },
    { options: { indexCalls: 5 }, message: `'indexCalls' must be "calls" or "pack": current value is 5` },
    {
      options: { indexCalls: "pack", packing: false },
      message: "leave 'indexCalls' out: without 'packing' there are no packs",
    },
  ],
};

const OF_SERVICES: Readonly<
  Record<Exclude<keyof ServiceOptions, keyof ContractOptions>, readonly Refusal[]>
> = {
  slots: [0, 17, 1.5, NaN, -1, "4", null].map((slots) => ({
    options: { slots },
    name: "RangeError",
    message: `'slots' must be a whole number from 1 to 16: current value is ${
      typeof slots === "string" ? `"${slots}"` : slots
    }`,
  })),
  foreign: [
    { options: { foreign: true, packing: true }, message: `leave 'packing' ${FOREIGN}` },
    { options: { foreign: true, slots: 4 }, message: `leave 'slots' ${FOREIGN}` },
    { options: { foreign: true, indexCalls: "pack" }, message: `leave 'indexCalls' ${FOREIGN}` },
    {
      methods: { run: method({ minRemainingMs: 5 }) },
      options: { foreign: true },
      message: `leave 'minRemainingMs' ${FOREIGN}`,
    },
  ],
};

for (
  const [define, tables] of [
    [defineService, { ...OF_ALL, ...OF_SERVICES }],
    [defineEntity, OF_ALL],
  ] as const
) {
  Deno.test(`${define.name} refuses every option that is wrong, and says what to write`, () => {
    for (const refusals of Object.values(tables)) {
      for (const { methods: given = methods, options, name = "TypeError", message } of refusals) {
        assert.throws(
          () => Reflect.apply(define, undefined, ["a.B", given, options]),
          { name, message: `Cannot define "a.B": ${message}` },
        );
      }
    }
  });

  Deno.test(`${define.name} refuses flags that are no booleans, and names that are no options`, () => {
    const apply = (options: unknown) => () => Reflect.apply(define, undefined, ["a.B", methods, options]);
    for (const flag of define === defineService ? ["packing", "foreign"] : ["packing"]) {
      for (const [value, shown] of [[1, "1"], ["true", '"true"'], [null, "null"]]) {
        assert.throws(apply({ [flag as string]: value }), {
          name: "TypeError",
          message: `Cannot define "a.B": '${flag}' must be true or false: current value is ${shown}`,
        });
      }
    }
    const known = define === defineService
      ? "codec, errors, packing, indexCalls, slots, foreign"
      : "codec, errors, packing, indexCalls";
    for (const option of ["version", "slot", ...(define === defineService ? [] : ["slots", "foreign"])]) {
      assert.throws(apply({ [option]: 2 }), {
        name: "TypeError",
        message: `Cannot define "a.B": '${option}' is no option; write one of ${known}`,
      });
    }
    for (const options of [null, 5, []]) {
      assert.throws(apply(options), {
        name: "TypeError",
        message: `Cannot define "a.B": write its options as an object, such as { codec: … }`,
      });
    }
  });

  Deno.test(`${define.name} refuses names that are no names, with the value`, () => {
    for (const name of ["", "a-b", "a..b", ".a", "a.", "a b", "bänk", "a\n", "x".repeat(97)]) {
      assert.throws(
        () => define(name, methods),
        (error) =>
          error instanceof TypeError &&
          error.message.startsWith("Cannot define a contract: its name must be letters, digits") &&
          error.message.endsWith(`current value is ${JSON.stringify(name)}`),
        JSON.stringify(name),
      );
    }
    assert.throws(() => Reflect.apply(define, undefined, [5, methods]), /current value is 5$/);
    assert.equal(define("x".repeat(96), methods).name.length, 96);
  });

  Deno.test(`${define.name} refuses a contract without methods`, () => {
    for (const none of [{}, null, undefined, 5, []]) {
      assert.throws(() => Reflect.apply(define, undefined, ["a.B", none]), {
        name: "TypeError",
        message: 'Cannot define "a.B": a contract needs at least one method, such as { ping: method() }',
      });
    }
  });

  Deno.test(`${define.name} refuses method names that a tag or a proxy cannot have`, () => {
    for (
      const name of ["then", "constructor", "__proto__", "toJSON", "a-b", "1st", "", "a b", "x".repeat(65)]
    ) {
      assert.throws(
        () => define("a.B", { [name]: method() }),
        {
          name: "TypeError",
          message: /^Cannot define "a\.B": ".*" is no method name: write letters, digits/,
        },
        name,
      );
    }
    assert.ok("x".repeat(64) in define("a.B", { ["x".repeat(64)]: method() }).methods);
  });

  Deno.test(`${define.name} refuses what method() did not make`, () => {
    const settings = method().settings;
    const wrong: readonly unknown[] = [
      {},
      () => {},
      null,
      "run",
      method,
      { kind: "call" },
      { kind: "call", settings: {} },
      { kind: "call", settings: null },
      { kind: "streams", settings },
    ];
    for (const value of wrong) {
      assert.throws(
        () => Reflect.apply(define, undefined, ["a.B", { run: value }]),
        {
          name: "TypeError",
          message: 'Cannot define "a.B": write method(), method.oneway() or method.stream() for "run"',
        },
      );
    }
    assert.equal(Reflect.apply(define, undefined, ["a.B", { run: { kind: "call", settings } }]).name, "a.B");
  });
}

Deno.test("defineService returns a frozen contract with every default filled in", () => {
  const given = { first: method(), second: method() };
  const contract = defineService("bank.Payments_2.v2", given);
  assert.deepEqual({ ...contract, methods: Object.keys(contract.methods) }, {
    codec: json,
    indexCalls: "calls",
    kind: "service",
    name: "bank.Payments_2.v2",
    methods: ["first", "second"],
    slots: 4,
    packing: true,
    foreign: false,
  });
  assert.ok(Object.isFrozen(contract));
  assert.ok(Object.isFrozen(contract.methods));
  assert.ok(!Object.isFrozen(given));
});

Deno.test("defineService takes its options as told, and never packs for a foreign responder", () => {
  const codec = { ...json };
  const contract = defineService("a", methods, {
    slots: 16,
    packing: true,
    indexCalls: "pack",
    codec,
    foreign: false,
  });
  assert.deepEqual(
    [contract.slots, contract.packing, contract.indexCalls, contract.codec, contract.foreign],
    [16, true, "pack", codec, false],
  );
  assert.equal(defineService("a", methods, { packing: false }).packing, false);
  const foreign = defineService("a", { run: method.oneway<string>({ key: (text) => text }) }, {
    foreign: true,
  });
  assert.deepEqual([foreign.foreign, foreign.packing, foreign.methods.run.settings.key?.("k")], [
    true,
    false,
    "k",
  ]);
});

Deno.test("defineEntity returns a frozen contract of one slot", () => {
  const contract = defineEntity("bank.Account", { deposit: method<{ cents: number }, number>() });
  assert.deepEqual({ ...contract, methods: Object.keys(contract.methods) }, {
    codec: json,
    indexCalls: "calls",
    kind: "entity",
    name: "bank.Account",
    methods: ["deposit"],
    slots: 1,
    packing: true,
    foreign: false,
  });
  assert.ok(Object.isFrozen(contract) && Object.isFrozen(contract.methods));
});

Deno.test("defineEntity refuses methods with a key of their own", () => {
  assert.throws(() => defineEntity("a.B", { ...methods, post: method<string>({ key: (text) => text }) }), {
    name: "TypeError",
    message: `Cannot define "a.B": "post" has a 'key', but an entity's key is that of at(): leave 'key' out`,
  });
});

Deno.test("defineService puts the contract's errors among those of every request-reply method", () => {
  const [closed, short] = [type<{ until: string }>(), type<{ missing: number }>()];
  const own = method({ errors: { Short: short } });
  const contract = defineService("a.B", { own, plain: method(), told: method.oneway() }, {
    errors: { Closed: { details: closed, code: "unavailable" } },
  });
  const shared = { Closed: { details: closed, code: "unavailable" } };
  assert.deepEqual(contract.methods.own.settings.errors, {
    ...shared,
    Short: { details: short, code: "failed_precondition" },
  });
  assert.deepEqual(contract.methods.plain.settings.errors, shared);
  assert.deepEqual(contract.methods.told.settings.errors, {});
  assert.deepEqual(own.settings.errors, { Short: { details: short, code: "failed_precondition" } });
  assert.ok(Object.isFrozen(contract.methods.own) && Object.isFrozen(contract.methods.own.settings));
});

Deno.test("defineService gives streams the contract's errors, and refuses them where a plain responder serves it", () => {
  const { methods } = defineService("a.B", { read: method.stream() }, { errors: { Closed: type<void>() } });
  assert.deepEqual(Object.keys(methods.read.settings.errors), ["Closed"]);
  assert.throws(() => defineService("a.B", { read: method.stream() }, { foreign: true }), {
    name: "TypeError",
    message: /leave 'method\.stream\(\)' out/,
  });
});
