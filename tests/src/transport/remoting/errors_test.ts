import assert from "node:assert/strict";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { RocketMqError } from "../../../../src/rocketmq/mod.ts";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { refusal } from "../../../../src/rocketmq/remote/response.ts";
import {
  isRefusal,
  retryAfterMs,
  toNotSent,
  toRpcError,
  toSendError,
  unreachable,
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

Deno.test("toRpcError() adds what to do about a refusal to what the broker said", () => {
  const advice: readonly (readonly [responseCode: number, RegExp])[] = [
    [2, /no; the broker has more to do than it can: send less at a time/],
    [3, /no; connect to the brokers themselves/],
    [13, /no; send a smaller message, or raise 'maxMessageSize'/],
    [14, /no; look at the broker: its disk is fuller than 'diskMaxUsedSpaceRatio' allows/],
    [16, /no; have it granted: by the topic \(mqadmin updateTopicPerm -p 6\), or by the broker/],
    [17, /no; start an instance that serves the contract/],
    [26, /no; have the group made by mqadmin updateSubGroup/],
    [215, /no; the broker limits how much it is sent/],
    [1, /^no$/],
  ];
  for (const [responseCode, message] of advice) {
    const converted = toRpcError(new RocketMqError("refused", "no", { responseCode }));
    assert.ok(converted instanceof RpcError);
    assert.match(converted.message, message);
  }
});

Deno.test("toRpcError() leaves it at one piece of advice where an access control list has refused", () => {
  for (
    const [remark, advice] of [
      ["check signature failed.", "check its access key and secret key"],
      ["User:a has no permission to access Topic:T from b, no matched policies.", "let an operator grant it"],
    ] as const
  ) {
    const converted = toRpcError(refusal(refusedFor(remark), "b:1"));
    assert.ok(converted instanceof RpcError);
    assert.deepEqual([converted.code, converted.outcome], ["permission_denied", "not_sent"]);
    assert.equal(converted.message, `b:1 answered 16 NO_PERMISSION: ${remark.slice(0, -1)}; ${advice}`);
  }
});

Deno.test("unreachable() says what the name servers did, and what that is a sign of", () => {
  const signs: readonly (readonly [RocketMqError, RegExp])[] = [
    [
      new RocketMqError("not_sent", "Cannot connect to n:1: refused"),
      /at "n:1": Cannot connect to n:1: refused; check/,
    ],
    [
      new RocketMqError("unknown", "Sent what is no frame"),
      /does not answer as a name server does.* expects TLS$/,
    ],
    [
      new RocketMqError("refused", "Answered 3", { responseCode: 3 }),
      /is a broker or a proxy: use the address of a name/,
    ],
  ];
  for (const [cause, message] of signs) {
    const error = unreachable("n:1", cause);
    assert.deepEqual([error.code, error.outcome, error.cause], ["unavailable", "not_sent", cause]);
    assert.match(error.message, message);
  }
});

function refusedFor(remark: string): Command {
  return {
    code: 16,
    flag: 1,
    opaque: 1,
    language: "JAVA",
    version: 407,
    remark,
    fields: {},
    body: new Uint8Array(0),
  };
}
