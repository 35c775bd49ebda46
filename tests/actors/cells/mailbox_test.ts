import assert from "node:assert/strict";
import { ByteBudget } from "../../../actors/cells/byte_budget.ts";
import { FifoMailbox } from "../../../actors/cells/mailbox.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { turns } from "../../helpers/settled.ts";

function mailbox(maxCalls: number, maxBytes = Infinity) {
  const state = { rooms: 0 };
  return {
    state,
    box: new FifoMailbox({ maxCalls, maxBytes, budget: new ByteBudget(Infinity) }, () => state.rooms++),
  };
}

Deno.test("FifoMailbox gives calls back in the order in which they came", () => {
  const { box } = mailbox(10);
  for (const id of ["a", "b", "c"]) assert.ok(box.put(new FakeCall(id, id, 2)));
  assert.deepEqual([box.size, box.bytes], [3, 6]);
  assert.deepEqual([box.take()?.id, box.take()?.id, box.take()?.id, box.take()], ["a", "b", "c", undefined]);
  assert.deepEqual([box.size, box.bytes], [0, 0]);
});

Deno.test("FifoMailbox keeps the order also when it is never empty for a long time", () => {
  const { box } = mailbox(10);
  box.put(new FakeCall("0"));
  for (let index = 1; index < 10_000; index++) {
    assert.ok(box.put(new FakeCall(String(index))));
    assert.equal(box.take()?.id, String(index - 1));
    assert.equal(box.size, 1);
  }
});

Deno.test("FifoMailbox refuses beyond its calls, and says once that half of it is free", async () => {
  const { box, state } = mailbox(4);
  for (let index = 0; index < 4; index++) assert.ok(box.put(new FakeCall("a")));
  assert.ok(!box.put(new FakeCall("b")) && !box.put(new FakeCall("b")));
  box.take();
  await turns();
  assert.equal(state.rooms, 0);
  box.take();
  assert.equal(state.rooms, 0, "not from within");
  await turns();
  box.take();
  await turns();
  assert.equal(state.rooms, 1);
});

Deno.test("FifoMailbox refuses beyond its bytes, but lets a larger call into an empty one", async () => {
  const { box, state } = mailbox(10, 100);
  assert.ok(box.put(new FakeCall("large", "", 500)));
  assert.ok(!box.put(new FakeCall("small", "", 1)));
  box.take();
  await turns();
  assert.equal(state.rooms, 1);
  assert.ok(box.put(new FakeCall("a", "", 60)));
  assert.ok(box.put(new FakeCall("b", "", 40)));
  assert.ok(!box.put(new FakeCall("c", "", 1)));
});

Deno.test("FifoMailbox says nothing where it never refused", async () => {
  const { box, state } = mailbox(1);
  box.put(new FakeCall("a"));
  box.take();
  await turns();
  assert.equal(state.rooms, 0);
});
