import assert from "node:assert/strict";
import fc from "fast-check";
import { deadLetterTopicOf, groupOf, queuesOfSlot, slotOf, topicOf } from "../../../src/call/plan.ts";

Deno.test("topicOf names topic, group and dead letters after the contract", () => {
  assert.equal(topicOf("bank.core.Payments_2"), "bank-core-Payments_2");
  assert.equal(groupOf("bank.Payments"), "rpc-bank-Payments");
  assert.equal(deadLetterTopicOf("bank.Payments"), "%DLQ%rpc-bank-Payments");
});

Deno.test("slotOf and queuesOfSlot give every queue to exactly one slot and every method a slot", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 16 }),
    fc.uniqueArray(fc.nat(63), { minLength: 16 }),
    fc.nat(100),
    (slots, ids, index) => {
      const queues = ids.map((id) => ({ id }));
      const bySlot = Array.from({ length: slots }, (_, slot) => queuesOfSlot(queues, slot, slots));
      assert.deepEqual(new Set(bySlot.flat()), new Set(queues));
      assert.equal(bySlot.flat().length, queues.length);
      for (const [slot, own] of bySlot.entries()) {
        assert.deepEqual(own, queues.filter((queue) => own.includes(queue)), "the order is kept");
        for (const { id } of own) assert.equal(id % slots, slot);
      }
      assert.equal(slotOf(index, slots), index % slots);
    },
  ));
});
