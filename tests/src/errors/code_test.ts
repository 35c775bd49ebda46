import assert from "node:assert/strict";
import { CODES, isCode } from "../../../src/errors/code.ts";

Deno.test("CODES are the sixteen failure codes of gRPC, each once, without ok", () => {
  assert.equal(CODES.length, 16);
  assert.equal(new Set(CODES).size, 16);
  for (const code of CODES) assert.match(code, /^[a-z_]+$/);
  assert.ok(!CODES.some((code) => String(code) === "ok"));
});

Deno.test("isCode knows every code and nothing else", () => {
  for (const code of CODES) assert.ok(isCode(code));
  for (const other of ["ok", "UNKNOWN", "", "toString", 3, null, undefined]) assert.ok(!isCode(other));
});
