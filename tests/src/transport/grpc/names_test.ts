import assert from "node:assert/strict";
import { onWire, replyGroup, replyTag } from "../../../../src/transport/grpc/names.ts";

Deno.test("onWire puts the namespace where servers do", () => {
  assert.equal(onWire("bank-Payments", undefined), "bank-Payments");
  assert.equal(onWire("bank-Payments", "ns"), "ns%bank-Payments");
  assert.equal(onWire("%DLQ%rpc-bank-Payments", "ns"), "%DLQ%ns%rpc-bank-Payments");
});

Deno.test("replyGroup and replyTag are an instance's own, and names that brokers take", () => {
  const largest = Number.MAX_SAFE_INTEGER;
  assert.match(replyGroup(largest), /^rpc-replies-[0-9a-z]{11}$/);
  assert.notEqual(replyTag(1), replyTag(2));
});
