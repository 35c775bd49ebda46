import assert from "node:assert/strict";
import { type ErrorSource, RpcError } from "../../../src/errors/rpc_error.ts";

Deno.test("RpcError is an answer unless told otherwise", () => {
  const error = new RpcError("not_found", "No such account");
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.code, error.message, error.outcome, error.callId],
    ["RpcError", "not_found", "No such account", "replied", undefined],
  );
  assert.ok(!("cause" in error));
});

Deno.test("RpcError keeps outcome, call id and cause", () => {
  const cause = new Error("inner");
  const error = new RpcError("internal", "Broken", { outcome: "not_sent", callId: "c1", cause });
  assert.deepEqual([error.outcome, error.callId, error.cause], ["not_sent", "c1", cause]);
});

Deno.test("RpcError.from gives an RpcError back as it is", () => {
  const error = new RpcError("aborted", "Again");
  assert.equal(RpcError.from(error), error);
});

Deno.test("RpcError.from concludes nothing from anything else", () => {
  for (
    const [thrown, message] of [[new TypeError("bad"), "bad"], ["text", "text"], [undefined, "undefined"]]
  ) {
    const error = RpcError.from(thrown);
    assert.deepEqual([error.code, error.outcome, error.message], ["unknown", "sent_unknown", message]);
    assert.equal(error.cause, thrown);
  }
});

Deno.test("RpcError keeps which declared error of which contract it is, and its details", () => {
  const details = { missing: 5 };
  const declared = { contract: "bank.Payments", error: "Short" };
  const error = new RpcError("failed_precondition", "Too little", { declared, details });
  assert.deepEqual([error.declared, error.contract, error.details], ["Short", "bank.Payments", details]);
  const plain = new RpcError("failed_precondition", "Too little");
  assert.deepEqual([plain.declared, plain.contract, plain.details], [undefined, undefined, undefined]);
});

Deno.test("RpcError.is needs the contract's name and the error's name, both", () => {
  const source = (name: string): ErrorSource<{ Short: unknown; Gone: unknown }> => ({ name });
  const declared = { contract: "bank.Payments", error: "Short" };
  const error = new RpcError("failed_precondition", "Too little", { declared });
  assert.ok(error.is(source("bank.Payments"), "Short"));
  assert.ok(RpcError.is(error, source("bank.Payments"), "Short"));
  assert.ok(!error.is(source("bank.Payments"), "Gone"));
  assert.ok(!error.is(source("bank.Payments.v2"), "Short"));
  assert.ok(!new RpcError("failed_precondition", "Short").is(source("bank.Payments"), "Short"));
  for (const other of [declared, new Error("Short"), undefined, null, "Short"]) {
    assert.ok(!RpcError.is(other, source("bank.Payments"), "Short"));
  }
});
