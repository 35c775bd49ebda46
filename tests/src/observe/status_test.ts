import assert from "node:assert/strict";
import { CODES } from "../../../src/errors/code.ts";
import { isCalleeFault } from "../../../src/observe/status.ts";

Deno.test("isCalleeFault knows the codes by which a callee has failed, as the gRPC conventions do", () => {
  assert.deepEqual(CODES.filter(isCalleeFault).sort(), [
    "data_loss",
    "deadline_exceeded",
    "internal",
    "unavailable",
    "unimplemented",
    "unknown",
  ]);
});
