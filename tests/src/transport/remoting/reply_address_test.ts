import assert from "node:assert/strict";
import { parseReplyAddress, replyAddress } from "../../../../src/transport/remoting/reply_address.ts";

Deno.test("parseReplyAddress() reads what replyAddress() wrote", () => {
  assert.deepEqual(parseReplyAddress(replyAddress({ clientId: "10.0.0.1@77#1" })), {
    clientId: "10.0.0.1@77#1",
  });
});

Deno.test("parseReplyAddress() refuses addresses of other transports", () => {
  for (const text of ["", "push:", "embedded:rka1-1", "topic:x"]) {
    assert.throws(() => parseReplyAddress(text), {
      code: "invalid_argument",
      outcome: "not_sent",
      message: /no address of this transport/,
    }, text);
  }
});
