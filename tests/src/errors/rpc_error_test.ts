import assert from "node:assert/strict";
import { RpcError } from "../../../src/errors/rpc_error.ts";

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
