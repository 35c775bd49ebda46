import assert from "node:assert/strict";
import {
  checkDeclaredOnce,
  declaredErrors,
  NO_ERRORS,
  withShared,
} from "../../../src/contract/declared_errors.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";

/** A schema object of its own: those of `type()` are all one. */
function schema() {
  return { "~standard": { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }) } };
}

const TWICE = {
  name: "TypeError",
  message:
    `Cannot define "a.B": the error "Short" is declared twice; use one schema object and one code for both`,
};

Deno.test("declaredErrors fills in the code, and takes schemas that are functions", () => {
  const callable = Object.assign(() => {}, schema());
  assert.deepEqual(
    declaredErrors("try", { Short: callable, Gone: { details: callable, code: "not_found" } }),
    {
      Short: { details: callable, code: "failed_precondition" },
      Gone: { details: callable, code: "not_found" },
    },
  );
  assert.equal(declaredErrors("try", undefined), NO_ERRORS);
});

Deno.test("withShared refuses a name that method and contract declare differently", () => {
  const details = schema();
  const shared = declaredErrors("try", { Short: details });
  assert.deepEqual(withShared("a.B", declaredErrors("try", { Short: details }), shared), shared);
  assert.throws(() => withShared("a.B", declaredErrors("try", { Short: schema() }), shared), TWICE);
  const otherCode = declaredErrors("try", { Short: { details, code: "aborted" } });
  assert.throws(() => withShared("a.B", otherCode, shared), TWICE);
});

Deno.test("checkDeclaredOnce refuses a name that two methods declare differently", () => {
  const details = schema();
  const one = declaredErrors("try", { Short: details, Gone: schema() });
  checkDeclaredOnce("a.B", [one, declaredErrors("try", { Short: details }), one]);
  assert.throws(() => checkDeclaredOnce("a.B", [one, declaredErrors("try", { Short: schema() })]), TWICE);
  assert.throws(
    () => checkDeclaredOnce("a.B", [one, declaredErrors("try", { Short: { details, code: "aborted" } })]),
    TWICE,
  );
  const other = { other: method({ errors: { Short: schema() } }) };
  assert.throws(() => defineService("a.B", { run: method({ errors: { Short: details } }), ...other }), TWICE);
});

Deno.test("declaredErrors takes names that every object has, without mixing them up", () => {
  const details = schema();
  const errors = { toString: details, valueOf: { details, code: "aborted" as const } };
  const contract = defineService("a.B", { run: method({ errors }) }, { errors: { hasOwnProperty: details } });
  assert.deepEqual(Object.keys(contract.methods.run.settings.errors), [
    "hasOwnProperty",
    "toString",
    "valueOf",
  ]);
});
