import assert from "node:assert/strict";
import fc from "fast-check";
import { allocateAveragely } from "../../../src/transport/allocation.ts";

Deno.test("allocateAveragely partitions the queues among all members, evenly, in every order of the list", () => {
  fc.assert(fc.property(
    fc.nat(40),
    fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }).chain((members) =>
      fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length }))
    ),
    (count, [members, shuffled]) => {
      const queues = Array.from({ length: count }, (_, id) => id);
      const shares = members.map((member) => allocateAveragely(queues, members, member));
      assert.deepEqual(shares.flat().sort((a, b) => a - b), queues);
      const sizes = shares.map((share) => share.length);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      assert.deepEqual(members.map((member) => allocateAveragely(queues, shuffled, member)), shares);
      for (const share of shares) {
        assert.deepEqual(share, queues.slice(share[0] ?? 0, (share[0] ?? 0) + share.length));
      }
    },
  ));
});

Deno.test("allocateAveragely divides as RocketMQ's AllocateMessageQueueAveragely does", () => {
  const queues = [0, 1, 2, 3, 4, 5, 6, 7];
  assert.deepEqual(["a", "b", "c"].map((self) => allocateAveragely(queues, ["c", "a", "b"], self)), [
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ]);
  assert.deepEqual(allocateAveragely([0], ["a", "b"], "b"), []);
});

Deno.test("allocateAveragely gives a stranger nothing, and counts a member once", () => {
  assert.deepEqual(allocateAveragely([0, 1], ["a"], "b"), []);
  assert.deepEqual(allocateAveragely([0, 1], ["a", "a", "b"], "a"), [0]);
});
