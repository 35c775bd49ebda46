import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Turns } from "../../../actors/cells/turns.ts";
import { turns as settle } from "../../helpers/settled.ts";

Deno.test("Turns give so many starts per turn, and resume who is parked in order, when the event loop has come round", async () => {
  const turns = new Turns(2);
  const resumed: string[] = [];
  assert.deepEqual([turns.take(), turns.take(), turns.take()], [true, true, false]);
  let roundBefore = false;
  setImmediate(() => roundBefore = true);
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
