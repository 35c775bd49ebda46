import assert from "node:assert/strict";
import { parseReplyAddress, replyAddress } from "../../../../src/transport/remoting/reply_address.ts";

Deno.test("parseReplyAddress() reads what replyAddress() wrote, and knows instances of ours by their number", () => {
  assert.deepEqual(parseReplyAddress(replyAddress("10.0.0.1@77#1")), {
    strategy: "push",
    clientId: "10.0.0.1@77#1",
    instance: undefined,
  });
  const instance = 2 ** 53 - 1;
  const clientId = `rkr1-${instance.toString(36)}`;
  for (const strategy of ["push", "topic"] as const) {
    assert.deepEqual(parseReplyAddress(replyAddress(clientId, strategy)), { strategy, clientId, instance });
  }
});

Deno.test("parseReplyAddress() refuses addresses of other transports, and pulled replies for who is none of ours", () => {
  const refused = ["", "push:", "topic:", ":", "rkr1-1", "embedded:rka1-1", "topic:x", "topic:10.0.0.1@77"];
  for (const text of [...refused, "topic:rkr1-", "topic:rkr1-A", "topic:rkr1-01", "topic:rkr1-zzzzzzzzzzz"]) {
    assert.throws(() => parseReplyAddress(text), {
      code: "invalid_argument",
      outcome: "not_sent",
      message: /no address of this transport/,
    }, text);
  }
});
