import assert from "node:assert/strict";
import { readReply, type Reply, replyHeaders } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { originOf, replyTo } from "../../../src/server/origin.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";

const delivery = new FakeDelivery(messageOf(requestOf("c1")));

Deno.test("replyTo() lets a refusal say which message it refuses, and leaves answers alone", () => {
  const refusal: Reply = { id: "c1", ok: false, error: new RpcError("unavailable", "suspended"), ran: "no" };
  const { topic, broker, id } = delivery.queue;
  assert.equal(originOf(delivery), `${topic}/${broker}/${id}/${delivery.offset}`);
  const told = replyTo(delivery, refusal);
  assert.equal(told.ok === false && told.origin, originOf(delivery));
  const headers = replyHeaders(told);
  const read = readReply(headers, headers, Uint8Array.of(32));
  assert.equal(read?.ok === false && read.origin, originOf(delivery));
  const answers: Reply[] = [
    { id: "c1", ok: true, type: "", body: undefined },
    { ...refusal, ran: "yes" },
    { ...refusal, error: new RpcError("cancelled", "by its caller") },
  ];
  for (const answer of answers) assert.equal(replyTo(delivery, answer), answer);
});
