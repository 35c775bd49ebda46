import assert from "node:assert/strict";
import { type Deliverer, Turns } from "../../../../src/transport/embedded/turns.ts";
import { TURNS_AT_ONCE } from "../../../../src/transport/embedded/defaults.ts";
import { turns as settle } from "../../../helpers/settled.ts";

function deliverer(deliver: () => void): Deliverer {
  return { scheduled: false, deliver };
}

Deno.test("Turns gives each deliverer one turn however often it asks, and never at once", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const one = deliverer(() => seen.push("one"));
  const other = deliverer(() => seen.push("other"));
  for (const asking of [one, other, one]) turns.schedule(asking);
  assert.deepEqual(seen, []);
  await Promise.resolve();
  assert.deepEqual(seen, ["one", "other"]);
  turns.schedule(one);
  await Promise.resolve();
  assert.deepEqual(seen, ["one", "other", "one"]);
});

Deno.test("Turns lets timers and input be served, though a deliverer always wants another turn", async () => {
  const turns = new Turns();
  let taken = 0;
  let going = true;
  const endless = deliverer(() => {
    taken++;
    if (going) turns.schedule(endless);
  });
  turns.schedule(endless);
  await settle(1);
  assert.ok(taken >= TURNS_AT_ONCE && taken <= 3 * TURNS_AT_ONCE, `${taken} turns`);
  await settle(2);
  going = false;
  await settle(2);
});

Deno.test("Turns gives others their turn when a deliverer throws, and that one a turn again", async () => {
  const turns = new Turns();
  let failures = 0;
  let served = 0;
  const failing = deliverer(() => {
    failures++;
    throw new Error("a sink that throws");
  });
  const other = deliverer(() => served++);
  for (let round = 1; round <= 2; round++) {
    turns.schedule(failing);
    turns.schedule(other);
    await Promise.resolve();
    assert.deepEqual([failures, served], [round, round]);
  }
});
