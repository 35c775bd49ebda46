import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyLines } from "../../../src/server/key_lines.ts";

interface Call {
  readonly id: number;
  readonly line: string | undefined;
}

const [k1, k2, k3, other, free]: readonly Call[] = [
  { id: 1, line: "k" },
  { id: 2, line: "k" },
  { id: 3, line: "k" },
  { id: 4, line: "o" },
  { id: 5, line: undefined },
];
assert.ok(k1 && k2 && k3 && other && free);

Deno.test("KeyLines lets everything go while nobody waits, and other keys always", () => {
  const lines = new KeyLines<Call>();
  for (const call of [k1, other, free]) assert.equal(lines.claim(call), "go");
  lines.hold(k1);
  assert.equal(lines.size, 1);
  for (const call of [other, free]) assert.equal(lines.claim(call), "go");
});

Deno.test("KeyLines makes later calls of a key wait for the one that waits, and then go in order", () => {
  const lines = new KeyLines<Call>();
  lines.hold(k1);
  assert.deepEqual([lines.claim(k2), lines.claim(k3), lines.claim(k2)], ["wait", "wait", "wait"]);
  assert.deepEqual(lines.back(k1), [k1, k2, k3]);
  assert.deepEqual([lines.claim(k2), lines.claim(k1), lines.claim(k3), lines.claim(k2)], [
    "again",
    "go",
    "again",
    "go",
  ]);
  assert.equal(lines.claim(k3), "go");
  assert.equal(lines.size, 0);
});

Deno.test("KeyLines puts a call that was claimed too early behind those that came back", () => {
  const lines = new KeyLines<Call>();
  lines.hold(k1);
  assert.deepEqual(lines.back(k1), [k1]);
  assert.equal(lines.claim(k2), "again");
  assert.deepEqual([lines.claim(k1), lines.claim(k2), lines.size], ["go", "go", 0]);
});

Deno.test("KeyLines lets a call wait twice, and keeps those behind it", () => {
  const lines = new KeyLines<Call>();
  lines.hold(k1);
  lines.claim(k2);
  lines.back(k1);
  lines.claim(k1);
  lines.hold(k1);
  assert.equal(lines.claim(k2), "wait");
  assert.deepEqual(lines.back(k1), [k1, k2]);
});

Deno.test("KeyLines lets those behind a call go that ends while it waits", () => {
  const lines = new KeyLines<Call>();
  lines.hold(k1);
  lines.claim(k2);
  lines.claim(k3);
  assert.deepEqual(lines.leave(k3), []);
  assert.deepEqual(lines.leave(k1), [k2]);
  assert.deepEqual(lines.leave(k1), []);
  assert.deepEqual([lines.claim(k2), lines.size], ["go", 0]);
  assert.deepEqual([lines.leave(free), lines.back(free), lines.back(k1)], [[], [free], [k1]]);
});

/**
 * A mailbox in front of one-at-a-time handlers of one key, and calls that ask for another attempt now and then:
 * whatever happens, attempts of a call are over before a later call of its key starts.
 */
Deno.test("KeyLines keep the order of a key, whoever waits how often", () => {
  const plan = fc.array(fc.record({ waits: fc.integer({ min: 0, max: 2 }), late: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(fc.property(plan, fc.infiniteStream(fc.boolean()), (calls, coins) => {
    const lines = new KeyLines<Call>();
    const todo = calls.map((_, id): Call => ({ id, line: "k" }));
    const left = calls.map(({ waits }) => waits);
    const mailbox: Call[] = [];
    const inMailbox = new Set<Call>();
    const waiting: Call[] = [];
    const done: number[] = [];
    const put = (call: Call) => {
      if (inMailbox.has(call)) return;
      inMailbox.add(call);
      mailbox.push(call);
    };
    while (done.length < calls.length) {
      const [coin] = coins.take(1);
      if (coin && todo.length > 0) put(todo.shift() ?? k1);
      else if (coin && waiting.length > 0) {
        for (const call of lines.back(waiting.shift() ?? k1)) put(call);
      } else {
        const call = mailbox.shift();
        if (call === undefined) continue;
        inMailbox.delete(call);
        const verdict = lines.claim(call);
        if (verdict === "again") put(call);
        if (verdict !== "go") continue;
        if ((left[call.id] ?? 0) === 0) done.push(call.id);
        else {
          left[call.id] = (left[call.id] ?? 0) - 1;
          lines.hold(call);
          waiting.push(call);
        }
      }
    }
    assert.deepEqual(done, calls.map((_, id) => id));
    assert.equal(lines.size, 0);
  }));
});
