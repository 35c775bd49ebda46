import assert from "node:assert/strict";
import type { Ran, Result } from "../../../src/call/inbound.ts";
import { type Code, CODES } from "../../../src/errors/code.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { deathOf } from "../../../src/server/one_way.ts";

const failed = (code: Code, ran: Ran): Result => ({ ok: false, error: new RpcError(code, "No"), ran });
const DEAD = { reason: "handler crashed", attempts: 3 };

function counted(kind: "call" | "oneway", result: Result) {
  const counts = { expiredUnanswered: 0, onewayDeadLetters: 0 };
  return { death: deathOf({ id: "c1", method: "run", kind, attempt: 2 }, result, counts), ...counts };
}

Deno.test("deathOf buries a call that somebody waits for only when its cell says so", () => {
  assert.equal(counted("call", { ok: true, output: 1 }).death, undefined);
  for (const code of CODES) {
    for (const ran of ["yes", "no", "maybe"] as const) {
      assert.equal(counted("call", failed(code, ran)).death, undefined);
    }
  }
  const dead: Result = { ok: false, error: new RpcError("internal", ""), ran: "yes", dead: DEAD };
  assert.deepEqual(counted("call", dead), { death: DEAD, expiredUnanswered: 0, onewayDeadLetters: 0 });
});

Deno.test("deathOf buries every one-way call that failed, with the error and the attempts as reason", () => {
  assert.equal(counted("oneway", { ok: true, output: undefined }).death, undefined);
  for (const code of CODES) {
    assert.deepEqual(counted("oneway", failed(code, "yes")), {
      death: { reason: `${code}: No`, attempts: 2 },
      expiredUnanswered: 0,
      onewayDeadLetters: 1,
    });
  }
  assert.deepEqual(counted("oneway", failed("unavailable", "no")).death, {
    reason: "unavailable: No",
    attempts: 1,
  });
  const dead: Result = { ok: false, error: new RpcError("internal", ""), ran: "yes", dead: DEAD };
  assert.deepEqual(counted("oneway", dead).death, DEAD);
});

Deno.test("deathOf only counts a one-way call whose time was up, or that was cancelled, before its handler", () => {
  for (const ran of ["no", "maybe"] as const) {
    assert.deepEqual(counted("oneway", failed("deadline_exceeded", ran)), {
      death: undefined,
      expiredUnanswered: 1,
      onewayDeadLetters: 0,
    });
    assert.deepEqual(counted("oneway", failed("cancelled", ran)), {
      death: undefined,
      expiredUnanswered: 0,
      onewayDeadLetters: 0,
    });
  }
});
