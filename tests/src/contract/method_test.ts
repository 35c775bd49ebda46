import assert from "node:assert/strict";
import { method, timeout } from "../../../src/contract/method.ts";
import { type } from "../../../src/contract/schema.ts";
import type { MethodOptions, OnewayOptions } from "../../../src/contract/types.ts";

/** Options as a program without types might write them, and the refusal; of its text what stands behind the kind. */
type Refusal = readonly [options: Readonly<Record<string, unknown>>, error: string, message: string];

const A_SCHEMA =
  "must be a schema (zod, valibot, arktype, or any that follows Standard Schema 1) or type<T>()";
const A_FLAG = "must be true or false: current value is";
const A_TIME = "must be from 1 to 86400000 ms: current value is";

const SHARED: Readonly<Record<keyof OnewayOptions, readonly Refusal[]>> = {
  input: [
    [{ input: 5 }, "TypeError", `'input' ${A_SCHEMA}`],
    [{ input: null }, "TypeError", `'input' ${A_SCHEMA}`],
    [{ input: { parse: () => 5 } }, "TypeError", `'input' ${A_SCHEMA}`],
    [
      { input: { "~standard": { version: 2, vendor: "x", validate() {} } } },
      "TypeError",
      `'input' ${A_SCHEMA}`,
    ],
  ],
  safe: [
    [{ safe: 1 }, "TypeError", `'safe' ${A_FLAG} 1`],
    [{ safe: null }, "TypeError", `'safe' ${A_FLAG} null`],
    [
      { safe: true, idempotent: false },
      "TypeError",
      "leave 'idempotent' out, or write true: 'safe' implies it",
    ],
  ],
  idempotent: [[{ idempotent: "yes" }, "TypeError", `'idempotent' ${A_FLAG} "yes"`]],
  key: [
    [{ key: "from" }, "TypeError", "'key' must be a function from the input to its key"],
    [{ key: null }, "TypeError", "'key' must be a function from the input to its key"],
  ],
  timeoutMs: [
    [{ timeoutMs: 0 }, "RangeError", `'timeoutMs' ${A_TIME} 0`],
    [{ timeoutMs: "5000" }, "RangeError", `'timeoutMs' ${A_TIME} "5000"`],
    [{ timeoutMs: NaN }, "RangeError", `'timeoutMs' ${A_TIME} NaN`],
    [{ timeoutMs: 86_400_001 }, "RangeError", `'timeoutMs' ${A_TIME} 86400001`],
  ],
  minRemainingMs: [
    [
      { minRemainingMs: -1 },
      "RangeError",
      "'minRemainingMs' must be from 0 to 86400000 ms: current value is -1",
    ],
    [
      { minRemainingMs: {} },
      "RangeError",
      "'minRemainingMs' must be from 0 to 86400000 ms: current value is an object",
    ],
    [
      { minRemainingMs: 200, timeoutMs: 200 },
      "RangeError",
      "'minRemainingMs' must be below 'timeoutMs' (200), or no call would ever start: current value is 200",
    ],
    [
      { minRemainingMs: 300, timeoutMs: 200 },
      "RangeError",
      "'minRemainingMs' must be below 'timeoutMs' (200), or no call would ever start: current value is 300",
    ],
  ],
  whenAbsent: [
    [
      { whenAbsent: "later" },
      "TypeError",
      `'whenAbsent' must be "fail" or "wait": current value is "later"`,
    ],
    [
      { whenAbsent: true },
      "TypeError",
      `'whenAbsent' must be "fail" or "wait": current value is true`,
    ],
  ],
};

const NO_NAME = `write letters, digits and "_", no digit first, at most 64 characters, ` +
  "and none of then, constructor, __proto__, toJSON";

const OF_CALLS: Readonly<Record<Exclude<keyof MethodOptions, keyof OnewayOptions>, readonly Refusal[]>> = {
  output: [[{ output: () => 5 }, "TypeError", `'output' ${A_SCHEMA}`]],
  errors: [
    [{ errors: [] }, "TypeError", "'errors' must be an object of schemas by error name"],
    [{ errors: "Closed" }, "TypeError", "'errors' must be an object of schemas by error name"],
    [{ errors: null }, "TypeError", "'errors' must be an object of schemas by error name"],
    ...["then", "toJSON", "a-b", "1st", "", "x".repeat(65)].map((name): Refusal => [
      { errors: { [name]: type() } },
      "TypeError",
      `Cannot declare the error "${name}": ${NO_NAME}`,
    ]),
    ...[5, null, {}, { code: "aborted" }, { details: 5 }].map((spec): Refusal => [
      { errors: { Closed: spec } },
      "TypeError",
      `Cannot declare the error "Closed": write a schema of its details, or { details: schema, code: "not_found" }`,
    ]),
    [
      { errors: { Closed: { details: type(), kode: "aborted" } } },
      "TypeError",
      `Cannot declare the error "Closed": 'kode' is no option; write one of details, code`,
    ],
    ...(["ok", "ABORTED", 10, null] as const).map((code): Refusal => [
      { errors: { Closed: { details: type(), code } } },
      "TypeError",
      `Cannot declare the error "Closed": its code must be one of CODES, such as "not_found": current value is ${
        JSON.stringify(code)
      }`,
    ]),
  ],
};

const ALL = "output, errors, input, safe, idempotent, key, timeoutMs, minRemainingMs, whenAbsent";

for (
  const [declarer, declare, kind, tables] of [
    ["method", method, "a method", { ...SHARED, ...OF_CALLS }],
    ["method.oneway", method.oneway, "a one-way method", SHARED],
  ] as const
) {
  Deno.test(`${declarer} refuses every option that is wrong, and says what to write`, () => {
    for (const [option, refusals] of Object.entries(tables)) {
      assert.ok(refusals.length > 0, option);
      for (const [options, name, text] of refusals) {
        const message = text.startsWith("Cannot") ? text : `Cannot declare ${kind}: ${text}`;
        assert.throws(() => Reflect.apply(declare, undefined, [options]), { name, message });
      }
    }
  });
}

Deno.test("method refuses unknown options and options that are no object", () => {
  const call = (options: unknown) => () => Reflect.apply(method, undefined, [options]);
  assert.throws(call({ timeout: 5 }), {
    name: "TypeError",
    message: `Cannot declare a method: 'timeout' is no option; write one of ${ALL}`,
  });
  for (const options of [null, 5, "safe", [], [type()]]) {
    assert.throws(call(options), {
      name: "TypeError",
      message: "Cannot declare a method: write its options as an object, such as { output: … }",
    });
  }
});

Deno.test("method.oneway refuses what only an answer could have", () => {
  const oneway = (options: unknown) => () => Reflect.apply(method.oneway, undefined, [options]);
  for (const option of ["output", "errors"]) {
    assert.throws(oneway({ [option]: undefined }), {
      name: "TypeError",
      message: `Cannot declare a one-way method: leave '${option}' out: nobody gets its answer`,
    });
  }
  assert.throws(oneway({ retries: 5 }), {
    name: "TypeError",
    message: /^Cannot declare a one-way method: 'retries' is no option; write one of input, safe/,
  });
  assert.throws(oneway(null), {
    message: /^Cannot declare a one-way method: write its options as an object/,
  });
});

Deno.test("method promises nothing unless told", () => {
  const nothing = {
    safe: false,
    idempotent: false,
    timeoutMs: undefined,
    minRemainingMs: 0,
    whenAbsent: "fail",
    input: undefined,
    output: undefined,
    errors: {},
    key: undefined,
  };
  assert.deepEqual(method(), { kind: "call", settings: nothing });
  assert.deepEqual(method({}), method());
  assert.deepEqual(method.oneway(), { kind: "oneway", settings: { ...nothing, whenAbsent: "wait" } });
});

Deno.test("method keeps what it is told, and freezes it", () => {
  const [input, output, details] = [type<{ from: string }>(), type<number>(), type<{ missing: number }>()];
  const declared = method({
    input,
    output,
    errors: { Short: details, Closed: { details, code: "aborted" }, Odd: { details, code: undefined } },
    idempotent: true,
    key: ({ from }) => from,
    timeoutMs: 1,
    minRemainingMs: 0.5,
    whenAbsent: "wait",
  });
  const { settings } = declared;
  assert.deepEqual({ ...settings, key: settings.key?.({ from: "a" }) }, {
    safe: false,
    idempotent: true,
    timeoutMs: 1,
    minRemainingMs: 0.5,
    whenAbsent: "wait",
    input,
    output,
    errors: {
      Short: { details, code: "failed_precondition" },
      Closed: { details, code: "aborted" },
      Odd: { details, code: "failed_precondition" },
    },
    key: "a",
  });
  assert.ok(Object.isFrozen(declared) && Object.isFrozen(settings) && Object.isFrozen(settings.errors));
  assert.ok(Object.values(settings.errors).every(Object.isFrozen));
});

Deno.test("method takes safe as idempotent", () => {
  assert.equal(method({ safe: true }).settings.idempotent, true);
  assert.equal(method({ idempotent: true }).settings.safe, false);
  assert.equal(method.oneway({ safe: true }).settings.idempotent, true);
});

Deno.test("method.oneway may have a deadline, a key and an instance to wait for", () => {
  const { settings } = method.oneway<{ to: string }>({
    key: ({ to }) => to,
    timeoutMs: 86_400_000,
    minRemainingMs: 86_399_999,
    whenAbsent: "fail",
  });
  assert.deepEqual([
    settings.timeoutMs,
    settings.minRemainingMs,
    settings.whenAbsent,
    settings.key?.({ to: "b" }),
  ], [
    86_400_000,
    86_399_999,
    "fail",
    "b",
  ]);
});

Deno.test("method declares calls, one-way methods and streams, and nothing else", () => {
  assert.deepEqual(Object.keys(method), ["oneway", "stream"]);
  assert.ok(Object.isFrozen(method));
});

Deno.test("method.stream keeps the item's schema and the errors, and fails where nobody serves it", () => {
  const item = type<{ cents: number }>();
  const { kind, settings } = method.stream({ item, errors: { Short: type<void>() }, timeoutMs: 5 });
  assert.deepEqual([kind, settings.output, Object.keys(settings.errors), settings.timeoutMs], [
    "stream",
    item,
    ["Short"],
    5,
  ]);
  assert.deepEqual([settings.whenAbsent, settings.idempotent], ["fail", false]);
});

Deno.test("method.stream refuses options that it does not have", () => {
  for (const options of [{ output: type() }, { items: type() }]) {
    assert.throws(() => method.stream(options as object), {
      name: "TypeError",
      message: /^Cannot declare a stream: /,
    });
  }
  assert.throws(() => method.stream({ item: 5 as never }), {
    name: "TypeError",
    message: /^Cannot declare a stream: 'item' must be a schema/,
  });
});

Deno.test("timeout refuses everything outside one millisecond to one day", () => {
  for (
    const [value, shown] of [
      [0, "0"],
      [-1, "-1"],
      [NaN, "NaN"],
      [Infinity, "Infinity"],
      [86_400_001, "86400001"],
      [
        "5000",
        '"5000"',
      ],
      [null, "null"],
      [undefined, "undefined"],
      [[], "an array"],
      [() => 5, "a function"],
      [5n, "5"],
    ]
  ) {
    assert.throws(() => timeout(value), {
      name: "RangeError",
      message: `Cannot use 'timeoutMs': it ${A_TIME} ${shown}`,
    });
  }
  assert.deepEqual([timeout(1), timeout(86_400_000)], [1, 86_400_000]);
  assert.throws(() => timeout(0, "limitMs"), { message: `Cannot use 'limitMs': it ${A_TIME} 0` });
});
