import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { waitingForOthers } from "../../../src/async/event_loop.ts";
import { Turns } from "../../../actors/cells/turns.ts";
import { turns as settle } from "../../helpers/settled.ts";

/** How many starts a turn gives. */
function takeAll(turns: Turns): number {
  let count = 0;
  while (turns.take()) count++;
  return count;
}

Deno.test("Turns give twice as many starts as each turn is to have, and resume who is parked in order, when the event loop has come round", async () => {
  const turns = new Turns(1);
  const resumed: string[] = [];
  let roundBefore = false;
  setImmediate(() => roundBefore = true);
  assert.equal(takeAll(turns), 2);
  for (const name of ["a", "b", "c"]) {
    turns.park({
      resume: () => {
        assert.ok(roundBefore);
        resumed.push(`${name} ${turns.take()}`);
      },
    });
  }
  await Promise.resolve();
  assert.deepEqual(resumed, []);
  await settle(1);
  assert.deepEqual(resumed, ["a true", "b true", "c false"]);
});

Deno.test("Turns park nobody where each turn takes no more than its number of starts", async () => {
  const turns = new Turns(3);
  for (let turn = 0; turn < 10; turn++) {
    assert.deepEqual([turns.take(), turns.take(), turns.take()], [true, true, true], `turn ${turn}`);
    await settle(1);
  }
  assert.equal(takeAll(turns) >= 3, true);
});

Deno.test("Turns leave the event loop alone where starts are few", async () => {
  const before = waitingForOthers();
  const turns = new Turns(3);
  for (let count = 0; count < 3; count++) turns.take();
  assert.equal(waitingForOthers(), before);
  turns.take();
  turns.take();
  assert.equal(waitingForOthers(), before + 1);
  await settle(1);
  assert.equal(waitingForOthers(), before);
});

Deno.test("Turns let one who parks again wait for the turn after", async () => {
  const turns = new Turns(1);
  turns.take();
  const resumed: number[] = [];
  const cell = {
    resume: () => {
      if (resumed.push(resumed.length) < 3) turns.park(cell);
    },
  };
  turns.park(cell);
  await settle(1);
  assert.deepEqual(resumed, [0]);
  await settle(2);
  assert.deepEqual(resumed, [0, 1, 2]);
});
