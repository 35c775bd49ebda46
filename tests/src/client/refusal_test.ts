import assert from "node:assert/strict";
import { codeOfAbort, invalid, notSent, unsent } from "../../../src/client/refusal.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";

Deno.test("notSent() makes an error of which no broker has heard", () => {
  const cause = new Error("why");
  const error = notSent("unavailable", "No", cause);
  assert.deepEqual([error.code, error.message, error.outcome, error.cause], [
    "unavailable",
    "No",
    "not_sent",
    cause,
  ]);
});

Deno.test("invalid() blames the caller for whatever its own code threw, and never keeps another call's outcome", () => {
  const own = notSent("cancelled", "Mine");
  assert.equal(invalid(own), own);
  const thrown = invalid(new TypeError("Bad"));
  assert.deepEqual([thrown.code, thrown.message, thrown.outcome], ["invalid_argument", "Bad", "not_sent"]);
  const others = new RpcError("permission_denied", "Not yours", { outcome: "replied", callId: "other" });
  const error = invalid(others);
  assert.deepEqual([error.code, error.outcome, error.callId], ["permission_denied", "not_sent", undefined]);
  assert.equal(error.cause, others);
  assert.equal(invalid("text").message, "text");
});

Deno.test("unsent() says that nothing was sent, whatever a look-up threw", () => {
  const own = notSent("unavailable", "No topic");
  assert.equal(unsent(own), own);
  const bug = unsent(new Error("boom"));
  assert.deepEqual([bug.code, bug.message, bug.outcome], ["unknown", "boom", "not_sent"]);
  assert.equal(unsent(new RpcError("unavailable", "?", { outcome: "sent_unknown" })).outcome, "not_sent");
});

Deno.test("codeOfAbort() tells the deadline of the call around from everything else", () => {
  assert.equal(codeOfAbort(new RpcError("deadline_exceeded", "Late")), "deadline_exceeded");
  for (
    const reason of [new RpcError("unavailable", "Lost"), new DOMException("Late", "TimeoutError"), undefined]
  ) {
    assert.equal(codeOfAbort(reason), "cancelled");
  }
});
