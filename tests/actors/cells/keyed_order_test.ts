import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteBudget } from "../../../actors/cells/byte_budget.ts";
import { KeyedOrder } from "../../../actors/cells/keyed_order.ts";
import type { InboundCall } from "../../../src/call/inbound.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";

function order(maxCalls = 100): KeyedOrder {
  return new KeyedOrder({ maxCalls, maxBytes: Infinity, budget: new ByteBudget(Infinity) }, () => {});
}

function keyed(id: string, key: string | undefined): FakeCall {
  const call = new FakeCall(id);
  call.key = key;
  return call;
}

Deno.test("KeyedOrder holds a call back while its key is at work, and nobody else", () => {
  const mailbox = order();
  const [a1, a2, b1] = [keyed("a1", "a"), keyed("a2", "a"), keyed("b1", "b")];
  for (const call of [a1, a2, b1]) assert.ok(mailbox.put(call));
  assert.deepEqual([mailbox.take()?.id, mailbox.take()?.id, mailbox.take(), mailbox.size], [
    "a1",
    "b1",
    undefined,
    1,
  ]);
  mailbox.done(b1);
  assert.equal(mailbox.take(), undefined);
  mailbox.done(a1);
  assert.equal(mailbox.take()?.id, "a2");
  mailbox.done(a2);
  assert.deepEqual([mailbox.size, mailbox.keys], [0, 0]);
});

Deno.test("KeyedOrder lets a call pass whose key is free, and holds up those behind it", () => {
  const mailbox = order();
  const [first, second] = [keyed("1", "a"), keyed("2", "a")];
  assert.ok(mailbox.pass(first) && !mailbox.pass(second) && mailbox.blocked(second));
  assert.ok(mailbox.put(second) && mailbox.take() === undefined);
  assert.ok(mailbox.pass(keyed("3", "b")), "another key");
  mailbox.done(first);
  assert.ok(!mailbox.pass(keyed("4", "c")), "one that is ready goes first");
  assert.equal(mailbox.take(), second);
});

Deno.test("KeyedOrder keeps no order among calls without a key", () => {
  const mailbox = order();
  assert.ok(mailbox.pass(keyed("1", undefined)) && mailbox.pass(keyed("2", undefined)));
  mailbox.put(keyed("3", undefined));
  mailbox.put(keyed("4", undefined));
  assert.deepEqual([mailbox.take()?.id, mailbox.take()?.id, mailbox.keys], ["3", "4", 0]);
});

Deno.test("KeyedOrder bounds all lines together", () => {
  const mailbox = order(3);
  for (const id of ["1", "2", "3"]) assert.ok(mailbox.put(keyed(id, "a")));
  assert.ok(!mailbox.put(keyed("4", "b")));
  mailbox.take();
  assert.ok(mailbox.put(keyed("4", "b")));
});

Deno.test("KeyedOrder loses nothing, keeps the order of each key and never has two of a key at work", () => {
  const steps = fc.array(
    fc.oneof(fc.constantFrom("a", "b", "c", undefined), fc.constant("take"), fc.nat(5)),
    {
      maxLength: 200,
    },
  );
  fc.assert(fc.property(steps, (script) => {
    const mailbox = order(20);
    const working: InboundCall[] = [];
    const accepted: FakeCall[] = [];
    const done: InboundCall[] = [];
    const start = (call: InboundCall | undefined) => {
      if (call === undefined) return;
      const { key } = call;
      assert.ok(key === undefined || working.every((other) => other.key !== key), `two of ${key} at work`);
      working.push(call);
    };
    const finish = (index: number) => {
      const [call] = working.splice(index, 1);
      if (call === undefined) return;
      done.push(call);
      mailbox.done(call);
    };
    for (const step of script) {
      if (step === "take") start(mailbox.take());
      else if (typeof step === "number") finish(step % Math.max(1, working.length));
      else {
        const call = keyed(String(accepted.length), step);
        if (mailbox.pass(call)) start(call);
        else if (!mailbox.put(call)) continue;
        accepted.push(call);
      }
    }
    for (let left = 1_000; left > 0 && done.length < accepted.length; left--) {
      start(mailbox.take());
      finish(0);
    }
    const ids = (calls: readonly InboundCall[], key: string | undefined) =>
      calls.filter((call) => call.key === key).map(({ id }) => id);
    for (const key of ["a", "b", "c"]) assert.deepEqual(ids(done, key), ids(accepted, key));
    assert.deepEqual([done.length, mailbox.size, mailbox.keys], [accepted.length, 0, 0]);
  }));
});
