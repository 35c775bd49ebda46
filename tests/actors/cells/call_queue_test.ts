import assert from "node:assert/strict";
import { CallQueue } from "../../../actors/cells/call_queue.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";

Deno.test("CallQueue gives calls back in the order in which they came", () => {
  const queue = new CallQueue();
  for (const id of ["a", "b", "c"]) queue.push(new FakeCall(id));
  assert.deepEqual([queue.size, queue.shift()?.id, queue.shift()?.id], [3, "a", "b"]);
  queue.push(new FakeCall("d"));
  assert.deepEqual([queue.shift()?.id, queue.shift()?.id, queue.shift(), queue.size], [
    "c",
    "d",
    undefined,
    0,
  ]);
});

Deno.test("CallQueue keeps the order also when it is never empty for a long time", () => {
  const queue = new CallQueue();
  queue.push(new FakeCall("0"));
  for (let index = 1; index < 10_000; index++) {
    queue.push(new FakeCall(String(index)));
    assert.equal(queue.shift()?.id, String(index - 1));
    assert.equal(queue.size, 1);
  }
});
