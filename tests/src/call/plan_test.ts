import assert from "node:assert/strict";
import fc from "fast-check";
import {
  deadLetterTopicOf,
  groupOf,
  queueOfKey,
  queuesOfSlot,
  slotOf,
  topicOf,
} from "../../../src/call/plan.ts";

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

Deno.test("queueOfKey chooses by the CRC-32 of the key's UTF-8: these values are on brokers, and never change", () => {
  // CRC-32 as of zip and RFC 1952; 0xcbf43926 is its published check value.
  const fixed: readonly [string, number][] = [
    ["123456789", 0xcbf43926],
    ["a", 0xe8b7be43],
    ["acc-1", 1_887_887_009],
    ["ü𝄞", 3_363_632_804],
  ];
  for (const [key, crc] of fixed) {
    for (const count of [1, 4, 7, 16]) {
      const queues = Array.from({ length: count }, (_, id) => id);
      assert.equal(queueOfKey(queues, key), crc % count, `${key} of ${count}`);
    }
  }
});

Deno.test("queueOfKey takes the queues in the order given, and finds none among none", () => {
  const queues = [{ broker: "a", id: 3 }, { broker: "a", id: 7 }, { broker: "b", id: 3 }];
  assert.equal(queueOfKey(queues, "a"), queues[0xe8b7be43 % 3]);
  assert.equal(queueOfKey([], "a"), undefined);
});

Deno.test("queueOfKey gives every queue its share", () => {
  const counts = new Map<number, number>();
  const queues = Array.from({ length: 16 }, (_, id) => id);
  for (let index = 0; index < 16_000; index++) {
    const queue = queueOfKey(queues, `account-${index}`) ?? -1;
    counts.set(queue, (counts.get(queue) ?? 0) + 1);
  }
  assert.equal(counts.size, 16);
  for (const count of counts.values()) assert.ok(count > 800 && count < 1_200, `${count}`);
});
