import assert from "node:assert/strict";
import { checkContractName, checkErrorName, checkMethodName } from "../../../src/contract/names.ts";

Deno.test("checkContractName takes what can be a topic and a group without colliding", () => {
  for (const name of ["a", "bank.Payments", "bank.Payments.v2", "1.2_", "_", "x".repeat(96)]) {
    checkContractName(name);
  }
  for (const name of ["a-b", "a.", "a..b", "", "a/b", "x".repeat(97), 5, null, undefined]) {
    assert.throws(() => checkContractName(name), TypeError, String(name));
  }
});

Deno.test("checkMethodName and checkErrorName take words of up to 64 characters", () => {
  for (const check of [(name: string) => checkMethodName("a.B", name), checkErrorName]) {
    for (const name of ["a", "_a1", "toString", "X".repeat(64)]) check(name);
    for (
      const name of [
        "",
        "1a",
        "a.b",
        "a-b",
        "ä",
        "a\n",
        "then",
        "constructor",
        "__proto__",
        "toJSON",
        "X".repeat(65),
      ]
    ) {
      assert.throws(() => check(name), TypeError, name);
    }
  }
});
