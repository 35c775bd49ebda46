import assert from "node:assert/strict";
import { method, timeout } from "../../../src/contract/method.ts";

Deno.test("method promises nothing unless told", () => {
  const declared = method();
  assert.deepEqual(declared, {
    kind: "call",
    settings: {
      safe: false,
      idempotent: false,
      timeoutMs: undefined,
      minRemainingMs: 0,
      whenAbsent: "fail",
      input: undefined,
      output: undefined,
      errors: {},
      key: undefined,
    },
  });
  assert.ok(Object.isFrozen(declared) && Object.isFrozen(declared.settings));
});

Deno.test("method takes safe as idempotent", () => {
  assert.equal(method({ safe: true }).settings.idempotent, true);
  assert.equal(method({ idempotent: true }).settings.safe, false);
  assert.equal(method({ timeoutMs: 10, whenAbsent: "wait" }).settings.whenAbsent, "wait");
});

Deno.test("method refuses safe without idempotent", () => {
  assert.throws(() => method({ safe: true, idempotent: false }), {
    name: "TypeError",
    message: "Cannot declare a method 'safe' and not 'idempotent': leave 'idempotent' out",
  });
});

Deno.test("method refuses options of the wrong type", () => {
  const refusals: readonly [unknown, string][] = [
    [{ safe: 1 }, "Cannot read 'safe': write true or false"],
    [{ idempotent: "yes" }, "Cannot read 'idempotent': write true or false"],
    [{ whenAbsent: "later" }, `Cannot read 'whenAbsent': write "fail" or "wait": current value is later`],
  ];
  for (const [options, message] of refusals) {
    assert.throws(() => Reflect.apply(method, undefined, [options]), { name: "TypeError", message });
  }
});

Deno.test("timeout refuses everything outside one millisecond to one day", () => {
  for (const value of [0, -1, NaN, Infinity, 86_400_001, "5000", null]) {
    assert.throws(() => timeout(value), {
      name: "RangeError",
      message: `Cannot use 'timeoutMs': it must be from 1 to 86400000 ms: current value is ${value}`,
    });
  }
  assert.deepEqual([timeout(1), timeout(86_400_000)], [1, 86_400_000]);
  assert.throws(() => method({ timeoutMs: 0 }), RangeError);
});
