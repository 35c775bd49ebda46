import assert from "node:assert/strict";
import { queueOfKey } from "../../../src/call/plan.ts";
import { requestsIn } from "../../helpers/caller_fixture.ts";
import { KeyedPackerFixture, Made, made } from "../../helpers/keyed_packer_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("KeyedPacker sends each request to the queue of its key among those of its slot", async () => {
  const at = new KeyedPackerFixture(16);
  const all = made("a1", "b1", "c1", "d1");
  for (const each of all) Object.assign(each, { slot: 2, slots: 4 });
  await at.add(...all);
  const slot = [2, 6, 10, 14];
  assert.deepEqual(
    new Map(
      at.transport.sent.flatMap(({ message, queue }) =>
        requestsIn(message).map(({ key }) => [key, queue.id])
      ),
    ),
    new Map(["a", "b", "c", "d"].map((key) => [key, queueOfKey(slot, key)])),
  );
});

Deno.test("KeyedPacker has one send to a queue outstanding; meanwhile further requests gather, in order", async () => {
  const at = new KeyedPackerFixture();
  await at.add(...made("a1"));
  await at.add(...made("a2", "b1"));
  await at.add(...made("a3"));
  assert.deepEqual([at.sent, at.packer.waiting], [[["a1"]], 3]);
  await at.settle(0);
  assert.deepEqual([at.sent, at.packer.waiting], [[["a1"], ["a2", "b1", "a3"]], 0]);
  await at.settle(1);
  assert.equal(at.sent.length, 2);
});

Deno.test("KeyedPacker lets one queue not wait for another", async () => {
  const at = new KeyedPackerFixture(16);
  await at.add(...made("a1", "b1", "a2"));
  assert.deepEqual(at.sent, [["a1", "a2"], ["b1"]]);
});

Deno.test("KeyedPacker sends one by one, in order, where a receiver cannot open packs", async () => {
  const at = new KeyedPackerFixture();
  for (const each of made("a1", "b1", "a2")) at.packer.add(each, false);
  await turns();
  for (let index = 0; index < 3; index++) await at.settle(index);
  assert.deepEqual(at.sent, [["a1"], ["b1"], ["a2"]]);
});

Deno.test("KeyedPacker sends requests of one key together, and says which, where the queue alone keeps no order", async () => {
  const at = new KeyedPackerFixture(1, true);
  await at.add(...made("a1", "b1", "a2"));
  await at.settle(0);
  await at.settle(1);
  assert.deepEqual(at.sent, [["a1", "a2"], ["b1"]]);
  assert.deepEqual(at.transport.sent.map(({ message }) => message.messageGroup), ["a", "b"]);
});

Deno.test("KeyedPacker leaves out a request given up while it waits, and goes on", async () => {
  const at = new KeyedPackerFixture();
  const [a1, a2, a3] = made("a1", "a2", "a3");
  assert.ok(a1 && a2 && a3);
  await at.add(a1);
  await at.add(a2, a3);
  a2.live = false;
  at.packer.over(a2);
  await at.settle(0);
  assert.deepEqual(at.sent, [["a1"], ["a3"]]);
});

Deno.test("KeyedPacker refuses what has no queue in its slot", async () => {
  const at = new KeyedPackerFixture(2);
  const [a1] = made("a1");
  assert.ok(a1);
  Object.assign(a1, { slot: 3, slots: 4 });
  await at.add(a1);
  assert.deepEqual(a1.failures.map(({ code, outcome }) => [code, outcome]), [["unavailable", "not_sent"]]);
  assert.match(a1.failures[0]?.message ?? "", /no queue in slot 3/);
});

Deno.test("KeyedPacker is idle when no call needs it", async () => {
  const at = new KeyedPackerFixture();
  assert.ok(at.packer.idle);
  const [a1] = made("a1");
  assert.ok(a1);
  at.packer.add(a1, true);
  assert.ok(!at.packer.idle);
  await turns();
  a1.live = false;
  at.packer.over(a1);
  assert.ok(!at.packer.idle, "its send is outstanding");
  await at.settle(0);
  assert.ok(at.packer.idle);
});

Deno.test("KeyedPacker keeps no more of what is over than can be under way, however long a look-up takes", async () => {
  const at = new KeyedPackerFixture();
  at.transport.onQueues = () => new Promise(() => {});
  for (let index = 0; index < 50_000; index++) {
    const each = new Made("a1");
    at.packer.add(each, true);
    each.live = false;
  }
  assert.ok(at.packer.waiting < 10_000, `${at.packer.waiting} are kept`);
  await turns();
});

Deno.test("KeyedPacker keeps no more of what is over than can be under way, however long a send takes", async () => {
  const at = new KeyedPackerFixture();
  await at.add(...made("a1"));
  for (let round = 0; round < 50; round++) {
    const given = Array.from({ length: 1_000 }, () => new Made("b1"));
    await at.add(...given);
    for (const each of given) each.live = false;
  }
  assert.ok(at.packer.waiting < 10_000, `${at.packer.waiting} are kept`);
  await at.add(...made("c1"));
  await at.settle(0);
  assert.deepEqual(at.sent, [["a1"], ["c1"]]);
  await at.settle(1);
});
