import assert from "node:assert/strict";
import { queueOfKey } from "../../../src/call/plan.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { requestsIn } from "../../helpers/caller_fixture.ts";
import { KeyedPackerFixture, made } from "../../helpers/keyed_packer_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("KeyedPacker follows a new plan once what was sent by the old one has arrived", async () => {
  const at = new KeyedPackerFixture(1);
  await at.add(...made("a1"));
  await at.add(...made("a2"));
  at.plan(5);
  await at.add(...made("a3", "b1"));
  assert.deepEqual(at.sent, [["a1"]], "nothing overtakes what is on its way");
  await at.settle(0);
  const five = [0, 1, 2, 3, 4];
  const placed = new Map(
    at.transport.sent.slice(1).map(({ queue }, index) => [queue.id, at.sent[index + 1]]),
  );
  assert.deepEqual(placed.get(queueOfKey(five, "a") ?? -1), ["a2", "a3"]);
  assert.deepEqual(placed.get(queueOfKey(five, "b") ?? -1), ["b1"]);
});

Deno.test("KeyedPacker goes on by the plan that it had when the new one is gone again", async () => {
  const at = new KeyedPackerFixture(1);
  await at.add(...made("a1"));
  at.plan(5);
  await at.add(...made("a2"));
  at.plan(1);
  await at.settle(0);
  assert.deepEqual(at.sent, [["a1"], ["a2"]]);
  assert.equal(at.transport.sent[1]?.queue.id, 0);
});

Deno.test("KeyedPacker sends to no other queue what a queue may have", async () => {
  const at = new KeyedPackerFixture(1);
  const [a1] = made("a1");
  assert.ok(a1);
  a1.onFailure = () =>
    Object.assign(a1, { paused: true, queue: { topic: "test-Service", broker: "a", id: 0 } });
  await at.add(a1);
  await at.settle(0, "sent_unknown");
  at.plan(5);
  a1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.transport.sent.map(({ queue }) => queue.id), [0, 0]);
});

Deno.test("KeyedPacker tells whether the queue of a key is another by now", async () => {
  const at = new KeyedPackerFixture(5);
  const [a1] = made("a1");
  assert.ok(a1);
  const id = queueOfKey([0, 1, 2, 3, 4], "a") ?? assert.fail();
  assert.notEqual(id, 0);
  assert.ok(!await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
  assert.ok(await at.packer.moved(a1, { topic: "test-Service", broker: "b", id }));
  at.plan(1);
  assert.ok(await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
  at.transport.onQueues = () => Promise.resolve([]);
  assert.ok(!await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
  at.transport.onQueues = () => Promise.reject(new Error("down"));
  assert.ok(!await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
});

Deno.test("KeyedPacker tells that a request went by another plan than there is, and asks anew for that", async () => {
  const at = new KeyedPackerFixture();
  at.plan(1, 3);
  const [a1] = made("a1");
  assert.ok(a1);
  await at.add(a1);
  assert.deepEqual([a1.plan, at.fresh], [3, 0]);
  const from = { topic: "test-Service", broker: "a", id: 0 };
  assert.ok(!await at.packer.moved(a1, from));
  at.plan(1, 4);
  assert.ok(await at.packer.moved(a1, from), "the queue is the same, the plan is not");
  assert.equal(at.fresh, 2);
});

Deno.test("KeyedPacker writes the number of its plan once on a message, alone or a pack, and none where none is declared", async () => {
  const at = new KeyedPackerFixture();
  const numbers = () => at.transport.sent.map(({ message }) => message.headers.get(HEADER.plan));
  await at.add(...made("a1"));
  await at.settle(0);
  at.plan(1, 12);
  await at.add(...made("a2"));
  await at.settle(1);
  await at.add(...made("a3", "b1"));
  assert.deepEqual(at.sent, [["a1"], ["a2"], ["a3", "b1"]]);
  assert.deepEqual(numbers(), [undefined, "12", "12"]);
  const [, , pack] = at.transport.sent;
  assert.deepEqual(requestsIn(pack?.message ?? assert.fail()).map(({ plan }) => plan), [12, 12]);
});
