import assert from "node:assert/strict";
import { EarlyCancels } from "../../../src/server/early_cancels.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

Deno.test("EarlyCancels remembers a cancel until its call takes it, once", () => {
  const cancels = new EarlyCancels(new ManualClock());
  assert.ok(!cancels.take("c1"));
  cancels.remember("c1");
  cancels.remember("c1");
  assert.equal(cancels.size, 1);
  assert.ok(cancels.take("c1"));
  assert.ok(!cancels.take("c1"));
  assert.equal(cancels.size, 0);
});

Deno.test("EarlyCancels forgets after five seconds, counted from the last cancel", () => {
  const clock = new ManualClock();
  const cancels = new EarlyCancels(clock);
  for (const id of ["c1", "c2", "c3"]) cancels.remember(id);
  clock.advance(4_999);
  cancels.remember("c3");
  assert.ok(cancels.take("c1"));
  clock.advance(1);
  assert.ok(!cancels.take("c2"));
  assert.ok(cancels.take("c3"));
});

Deno.test("EarlyCancels holds 1,024 at most: the oldest go first, and what is too old at once", () => {
  const clock = new ManualClock();
  const cancels = new EarlyCancels(clock);
  for (let index = 0; index < 2_000; index++) cancels.remember(`c${index}`);
  assert.equal(cancels.size, 1_024);
  assert.deepEqual([cancels.take("c975"), cancels.take("c976")], [false, true]);
  clock.advance(5_000);
  cancels.remember("new");
  assert.equal(cancels.size, 1);
});
