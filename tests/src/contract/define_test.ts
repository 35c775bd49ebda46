import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";

const methods = { run: method() };

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

Deno.test("defineService takes slots and packing as told, and never packs for a foreign responder", () => {
  assert.equal(defineService("a", methods, { slots: 16 }).slots, 16);
  assert.equal(defineService("a", methods, { packing: false }).packing, false);
  const foreign = defineService("a", methods, { foreign: true, packing: true });
  assert.deepEqual([foreign.foreign, foreign.packing], [true, false]);
});

Deno.test("defineService refuses names that are no names, with the value", () => {
  for (const name of ["", "a-b", "a..b", ".a", "a.", "a b", "bänk", "a\n", "x".repeat(97)]) {
    assert.throws(
      () => defineService(name, methods),
      (error) =>
        error instanceof TypeError &&
        error.message.startsWith("Cannot define a contract: its name must be letters, digits") &&
        error.message.endsWith(`current value is ${JSON.stringify(name)}`),
      JSON.stringify(name),
    );
  }
  assert.equal(defineService("x".repeat(96), methods).name.length, 96);
});

Deno.test("defineService refuses a contract without methods", () => {
  assert.throws(() => defineService("a.B", {}), {
    name: "TypeError",
    message: 'Cannot define "a.B": a contract needs at least one method',
  });
});

Deno.test("defineService refuses method names that a tag or a proxy cannot have", () => {
  for (
    const name of ["then", "constructor", "__proto__", "toJSON", "a-b", "1st", "", "a b", "x".repeat(65)]
  ) {
    assert.throws(
      () => defineService("a.B", { [name]: method() }),
      { name: "TypeError", message: /^Cannot define "a\.B": ".*" is no method name: write letters, digits/ },
      name,
    );
  }
  assert.ok("x".repeat(64) in defineService("a.B", { ["x".repeat(64)]: method() }).methods);
});

Deno.test("defineService refuses what method() did not make", () => {
  for (const value of [{}, () => {}, null, "run", { kind: "call" }]) {
    const wrong: unknown = { run: value };
    assert.throws(
      () => Reflect.apply(defineService, undefined, ["a.B", wrong]),
      { name: "TypeError", message: 'Cannot define "a.B": write method() for "run"' },
    );
  }
});

Deno.test("defineService refuses slots that are no whole number from 1 to 16", () => {
  for (const slots of [0, 17, 1.5, NaN, -1]) {
    assert.throws(() => defineService("a.B", methods, { slots }), {
      name: "RangeError",
      message: `Cannot define "a.B": 'slots' must be a whole number from 1 to 16: current value is ${slots}`,
    });
  }
});
