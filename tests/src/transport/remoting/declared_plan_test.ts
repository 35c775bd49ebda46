import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type DeclaredPlan,
  formatPlan,
  parsePlan,
  planQueues,
} from "../../../../src/transport/remoting/declared_plan.ts";

const plans: fc.Arbitrary<DeclaredPlan> = fc.record({
  number: fc.integer({ min: 1, max: 999_999_999_999_999 }),
  slots: fc.integer({ min: 1, max: 16 }),
  brokers: fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_-]{1,12}$/), fc.integer({ min: 1, max: 64 })), {
    minLength: 1,
    maxLength: 8,
    selector: ([name]) => name,
  }).filter((brokers) => brokers.every(([name]) => name !== "__proto__")).map((brokers) => new Map(brokers)),
});

Deno.test("parsePlan() reads what formatPlan() writes", () => {
  fc.assert(fc.property(plans, (plan) => {
    assert.deepEqual(parsePlan(formatPlan(plan)), {
      ...plan,
      brokers: new Map([...plan.brokers].sort(([one], [other]) => one < other ? -1 : 1)),
    });
  }));
  const plan = { number: 1, slots: 4, brokers: new Map([["b", 16], ["a", 16]]) };
  assert.equal(formatPlan(plan), '{"number":1,"slots":4,"brokers":{"a":16,"b":16}}');
});

Deno.test("parsePlan() refuses what is no plan, and says what it should be", () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /^it must be JSON, as in \{"number":2/],
    ["1", /^it must be an object/],
    ["null", /^it must be an object/],
    ['{"number":1,"slots":4}', /^'brokers' must be an object/],
    ['{"number":1,"slots":4,"brokers":[]}', /^'brokers' must be an object/],
    ['{"number":1,"slots":4,"brokers":{}}', /^'brokers' must be 1 to 65536 queues/],
    ['{"number":1,"slots":4,"brokers":{"a":0}}', /^'brokers\.a' must be a whole number from 1 to 65536/],
    ['{"number":1,"slots":4,"brokers":{"a":65536,"b":1}}', /^'brokers' must be 1 to 65536 queues/],
    ['{"number":1,"slots":4,"brokers":{"a":1e9}}', /^'brokers\.a'/],
    ['{"number":1,"slots":17,"brokers":{"a":1}}', /^'slots' must be a whole number from 1 to 16/],
    ['{"number":0,"slots":4,"brokers":{"a":1}}', /^'number' must be a whole number from 1/],
    ['{"number":"1","slots":4,"brokers":{"a":1}}', /^'number'/],
    ['{"number":1000000000000000,"slots":4,"brokers":{"a":1}}', /^'number'/],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => parsePlan(text), { name: "TypeError", message }, text);
  }
});

Deno.test("planQueues() lists the queues by broker and id", () => {
  const brokers = new Map([["b", 1], ["a", 2]]);
  assert.deepEqual(planQueues("T", { number: 1, slots: 1, brokers }), [
    { topic: "T", broker: "a", id: 0 },
    { topic: "T", broker: "a", id: 1 },
    { topic: "T", broker: "b", id: 0 },
  ]);
});
