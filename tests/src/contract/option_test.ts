import assert from "node:assert/strict";
import { checkOptions, flagOption, shown } from "../../../src/contract/option.ts";

Deno.test("checkOptions looks at own names only, and lists what may be written", () => {
  checkOptions("try", {}, ["a", "b"]);
  checkOptions("try", { b: undefined }, ["a", "b"]);
  checkOptions("try", Object.create({ inherited: 5 }), ["a"]);
  assert.throws(() => checkOptions("try", { c: undefined }, ["a", "b"]), {
    name: "TypeError",
    message: "Cannot try: 'c' is no option; write one of a, b",
  });
});

Deno.test("flagOption takes booleans, and what is left out as its default", () => {
  assert.deepEqual([true, false, undefined].map((value) => flagOption("try", "x", value, true)), [
    true,
    false,
    true,
  ]);
  assert.equal(flagOption("try", "x", undefined, false), false);
  assert.throws(() => flagOption("try", "x", 0, true), {
    name: "TypeError",
    message: "Cannot try: 'x' must be true or false: current value is 0",
  });
});

Deno.test("shown names any value in a few words", () => {
  const values = [
    "a\n",
    5,
    -0,
    5n,
    true,
    null,
    undefined,
    Symbol("s"),
    {},
    Object.create(null),
    [1],
    () => 5,
  ];
  assert.deepEqual(values.map(shown), [
    '"a\\n"',
    "5",
    "0",
    "5",
    "true",
    "null",
    "undefined",
    "Symbol(s)",
    "an object",
    "an object",
    "an array",
    "a function",
  ]);
});
