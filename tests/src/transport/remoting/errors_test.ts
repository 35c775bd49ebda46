import assert from "node:assert/strict";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { RocketMqError } from "../../../../src/rocketmq/mod.ts";
import {
  isRefusal,
  retryAfterMs,
  toNotSent,
  toRpcError,
  toSendError,
} from "../../../../src/transport/remoting/errors.ts";

/** Response codes of a send, and what a caller is told. */
const REFUSALS: readonly (readonly [responseCode: number, code: string, outcome: string])[] = [
  [1, "unavailable", "sent_unknown"],
  [2, "unavailable", "not_sent"],
  [3, "unimplemented", "not_sent"],
  [13, "invalid_argument", "not_sent"],
  [14, "unavailable", "not_sent"],
  [16, "permission_denied", "not_sent"],
  [17, "unavailable", "not_sent"],
  [29, "failed_precondition", "not_sent"],
  [215, "unavailable", "not_sent"],
  [604, "unavailable", "sent_unknown"],
];

for (const [responseCode, code, outcome] of REFUSALS) {
  Deno.test(`toRpcError() of response code ${responseCode} is ${code} / ${outcome}`, () => {
    const converted = toRpcError(new RocketMqError("refused", "no", { responseCode }));
    assert.ok(converted instanceof RpcError);
    assert.deepEqual([converted.code, converted.outcome], [code, outcome]);
  });
}

Deno.test("toRpcError() keeps what is known: never sent, or unknown", () => {
  const outcomeOf = (error: unknown) => error instanceof RpcError ? error.outcome : undefined;
  assert.equal(outcomeOf(toRpcError(new RocketMqError("not_sent", "no connection"))), "not_sent");
  assert.equal(outcomeOf(toRpcError(new RocketMqError("unknown", "no answer"))), "sent_unknown");
  assert.equal(outcomeOf(toNotSent(new RocketMqError("unknown", "no answer"))), "not_sent");
});

Deno.test("toRpcError() passes a signal's reason on unchanged", () => {
  const reason = new DOMException("gave up", "AbortError");
  assert.equal(toRpcError(reason), reason);
});

Deno.test("toSendError() takes what an encoder throws for the message's own fault, but not a signal's reason", () => {
  for (const fault of [new TypeError("no such name"), new RangeError("no body")]) {
    const converted = toSendError(fault, undefined);
    assert.ok(converted instanceof RpcError);
    assert.deepEqual([converted.code, converted.outcome, converted.message], [
      "invalid_argument",
      "not_sent",
      fault.message,
    ]);
    assert.equal(toSendError(fault, AbortSignal.abort(fault)), fault);
  }
  const refused = toSendError(new RocketMqError("refused", "no", { responseCode: 17 }), undefined);
  assert.ok(refused instanceof RpcError && refused.code === "unavailable");
});

Deno.test("retryAfterMs() waits long where an account is refused", () => {
  const refused = new RocketMqError("refused", "no", { responseCode: 16, access: "permission" });
  assert.deepEqual([retryAfterMs(refused, 50), retryAfterMs(new Error("busy"), 50)], [10_050, 50]);
});

Deno.test("isRefusal() looks at the response code, and passes over accounts that are not known", () => {
  const refused = (access: "identity" | "permission"): RocketMqError =>
    new RocketMqError("refused", "no", { responseCode: 16, access });
  assert.deepEqual([isRefusal(refused("permission"), 16), isRefusal(refused("identity"), 16)], [true, false]);
  assert.equal(isRefusal(new RocketMqError("refused", "no", { responseCode: 17 }), 17), true);
  assert.equal(isRefusal(new RocketMqError("refused", "no", { responseCode: 16 }), 17), false);
  assert.equal(isRefusal(new Error("17"), 17), false);
});
