import assert from "node:assert/strict";
import { Run, type RunOwner } from "../../../actors/cells/run.ts";
import { RunWatch } from "../../../actors/cells/run_watch.ts";
import { cellHost } from "../../helpers/cell_host.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";

function fixture(abandonAfterMs: number) {
  const clock = new ManualClock();
  const watch = new RunWatch(clock, abandonAfterMs);
  const overstayed: string[] = [];
  const owner: RunOwner = {
    host: cellHost(clock),
    watch,
    crashed: () => assert.fail("crashed"),
    ended: () => assert.fail("ended"),
    endedLate: () => assert.fail("ended late"),
    overstayed: ({ call }) => overstayed.push(call.id),
  };
  const run = (id: string) => new Run(owner, new FakeCall(id), { answer: () => {}, stop: () => {} });
  return { clock, watch, overstayed, run };
}

/** Its calls count how often somebody looked at their signal. */
class Counting extends FakeCall {
  looks = 0;
  override get signal(): AbortSignal {
    this.looks++;
    return super.signal;
  }
}

Deno.test("RunWatch reports a run once, when its signal has been aborted for long enough", () => {
  const { clock, watch, overstayed, run } = fixture(8_000);
  const [deaf, well] = [run("deaf"), run("well")];
  watch.add(deaf);
  watch.add(well);
  clock.advance(100_000);
  assert.deepEqual(overstayed, []);
  (deaf.call as FakeCall).controller.abort();
  clock.advance(7_999);
  assert.deepEqual(overstayed, []);
  clock.advance(2_001);
  assert.deepEqual(overstayed, ["deaf"]);
  clock.advance(100_000);
  assert.deepEqual(overstayed, ["deaf"]);
  watch.remove(well);
  clock.advance(1_000);
  assert.equal(clock.timers, 0);
});

Deno.test("RunWatch does not look at runs that are shorter than its period", () => {
  const { clock, watch } = fixture(8_000);
  const { watch: other, run } = fixture(8_000);
  assert.notEqual(watch, other);
  const call = new Counting("short");
  const short = run("x");
  Object.assign(short, { call });
  watch.add(short);
  clock.advance(1_000);
  watch.remove(short);
  clock.advance(5_000);
  assert.equal(call.looks, 0);
  watch.add(short);
  clock.advance(2_000);
  assert.equal(call.looks, 1);
});

Deno.test("RunWatch forgets runs wherever they stand", () => {
  const { clock, watch, overstayed, run } = fixture(1_000);
  const runs = ["a", "b", "c", "d"].map(run);
  for (const each of runs) {
    (each.call as FakeCall).controller.abort();
    watch.add(each);
  }
  const [a, b, c, d] = runs;
  assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined);
  watch.remove(b);
  watch.remove(b);
  watch.remove(a);
  watch.remove(d);
  watch.add(a);
  clock.advance(3_000);
  assert.deepEqual(overstayed, ["c", "a"]);
});

Deno.test("RunWatch holds no timer while nothing runs, nor once it is closed", () => {
  const { clock, watch, run, overstayed } = fixture(1_000);
  assert.equal(clock.timers, 0);
  const first = run("a");
  watch.add(first);
  assert.equal(clock.timers, 1);
  watch.close();
  assert.equal(clock.timers, 0);
  (first.call as FakeCall).controller.abort();
  watch.add(run("b"));
  clock.advance(10_000);
  assert.deepEqual([overstayed, clock.timers], [[], 0]);
});
