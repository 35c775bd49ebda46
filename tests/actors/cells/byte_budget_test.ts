import assert from "node:assert/strict";
import { ByteBudget } from "../../../actors/cells/byte_budget.ts";
import { FifoMailbox } from "../../../actors/cells/mailbox.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("ByteBudget refuses what does not fit, but lets one larger piece in while nothing is used", () => {
  const budget = new ByteBudget(100);
  const refused = () => assert.fail("nobody is told yet");
  assert.ok(budget.take(500, refused));
  assert.ok(!budget.take(1, refused));
  const other = new ByteBudget(100);
  assert.ok(other.take(60, refused) && other.take(40, refused) && !other.take(1, refused));
  assert.deepEqual([budget.used, other.used], [500, 100]);
});

Deno.test("ByteBudget tells everybody whom it refused once, when half of it is free", async () => {
  const budget = new ByteBudget(100);
  const told: string[] = [];
  const a = () => void told.push("a");
  const b = () => void told.push("b");
  budget.take(100, a);
  for (const onRoom of [a, b, a]) assert.ok(!budget.take(10, onRoom));
  budget.give(49);
  await turns();
  assert.deepEqual(told, []);
  budget.give(1);
  assert.deepEqual(told, [], "not from within");
  await turns();
  assert.deepEqual(told, ["a", "b"]);
  budget.give(50);
  await turns();
  assert.deepEqual([told, budget.used], [["a", "b"], 0]);
});

Deno.test("ByteBudget bounds mailboxes together, and all of them go on when there is room", async () => {
  const budget = new ByteBudget(100);
  let rooms = 0;
  const [a, b] = [0, 1].map(() =>
    new FifoMailbox({ maxCalls: 10, maxBytes: 1_000, budget }, () => void rooms++)
  );
  assert.ok(a !== undefined && b !== undefined);
  assert.ok(a.put(new FakeCall("1", "", 80)) && !b.put(new FakeCall("2", "", 30)));
  a.take();
  await turns();
  assert.equal(rooms, 1);
  assert.ok(b.put(new FakeCall("2", "", 30)));
  assert.equal(budget.used, 30);
});
