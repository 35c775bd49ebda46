import assert from "node:assert/strict";
import fc from "fast-check";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { type Admission, type Push, PushGate } from "../../../../src/transport/remoting/push_gate.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { turns } from "../../../helpers/settled.ts";

/** How a push waits, and for how long a silent receiver is spared. */
const WAIT_MS = 250;
const PLAIN_WAIT_MS = 12_000;
const SPARED_MS = 30_000;
const AT_BROKER = 12;
const WAITING = 1_024;

function ours(receiver: string, changes: Partial<Push> = {}): Push {
  return { broker: "a:1", receiver, ours: true, divertible: true, ...changes };
}

function plain(receiver: string, broker = "a:1"): Push {
  return { broker, receiver, ours: false, divertible: false };
}

class Fixture {
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly gate = new PushGate(this.clock, this.wheel);
  /** What became of pushes that had to wait, in order. */
  readonly ends: string[] = [];

  /** Enters pushes that are let through at once. */
  enter(...pushes: readonly Push[]): void {
    for (const push of pushes) assert.equal(this.gate.enter(push), "entered", push.receiver);
  }

  wait(push: Push): void {
    const admission = this.gate.enter(push);
    assert.ok(admission instanceof Promise, "it has to wait");
    void admission.then((end) => this.ends.push(`${push.receiver} ${end}`));
  }

  /** Fills a broker with plain receivers. */
  fill(): Push[] {
    const pushes = Array.from({ length: AT_BROKER }, (_, index) => plain(`p${index}`));
    this.enter(...pushes);
    return pushes;
  }
}

Deno.test("PushGate lets one push at a time go to an instance of ours at each broker, the next one when it is answered", async () => {
  const at = new Fixture();
  const push = ours("o");
  at.enter(push, ours("o", { broker: "b:1" }), ours("other"));
  at.wait(push);
  at.gate.leave(push, true);
  await turns(1);
  assert.deepEqual([at.ends, at.gate.underWay, at.wheel.size], [["o entered"], 3, 0]);
});

Deno.test("PushGate lets four pushes go to a plain requester, at all brokers together", async () => {
  const at = new Fixture();
  at.enter(plain("p"), plain("p"), plain("p", "b:1"), plain("p", "b:1"), plain("other"));
  at.wait(plain("p"));
  at.gate.leave(plain("p", "b:1"), true);
  await turns(1);
  assert.deepEqual(at.ends, ["p entered"], "one that was answered by another broker counts");
});

Deno.test("PushGate lets twelve pushes go to a broker, and passes over those whose receiver is busy", async () => {
  const at = new Fixture();
  const [first, second] = at.fill();
  assert.ok(first !== undefined && second !== undefined);
  at.enter(plain("elsewhere", "b:1"));
  for (let call = 0; call < 4; call++) at.enter(plain("busy", "b:1"));
  at.wait(plain("busy"));
  at.wait(plain("next"));
  at.gate.leave(first, true);
  await turns(1);
  assert.deepEqual(at.ends, ["next entered"]);
  at.gate.leave(second, true);
  await turns(1);
  assert.deepEqual(at.ends, ["next entered"], "busy has four under way elsewhere");
});

Deno.test("PushGate diverts what waited a moment, and refuses what cannot be diverted after a long while", async () => {
  const at = new Fixture();
  at.fill();
  at.wait(ours("o"));
  at.wait(plain("late"));
  at.clock.advance(WAIT_MS - 20);
  await turns(1);
  assert.deepEqual(at.ends, []);
  at.clock.advance(40);
  await turns(1);
  assert.deepEqual(at.ends, ["o diverted"]);
  at.clock.advance(PLAIN_WAIT_MS);
  await turns(1);
  assert.deepEqual(at.ends, ["o diverted", "late refused"]);
  assert.deepEqual([at.gate.diverted, at.gate.refused], [1, 1]);
});

Deno.test("PushGate diverts at once while a broker answers nothing, until it answers something", () => {
  const at = new Fixture();
  const [first, second] = at.fill();
  assert.ok(first !== undefined && second !== undefined);
  at.clock.advance(WAIT_MS);
  assert.equal(at.gate.enter(ours("o")), "diverted");
  assert.equal(at.gate.enter(ours("o", { broker: "b:1" })), "entered", "the other broker is well");
  at.gate.leave(first, false);
  at.enter(ours("o"));
});

Deno.test("PushGate spares a receiver that was silent, until it takes something or half a minute after it failed", () => {
  const at = new Fixture();
  const push = ours("o");
  at.enter(push);
  at.gate.silent(push);
  assert.equal(at.gate.enter(push), "diverted");
  at.clock.advance(9_000);
  assert.equal(at.gate.enter(push), "diverted", "as long as the answer is missing");
  at.gate.leave(push, true);
  at.enter(push);
  at.gate.silent(push);
  at.gate.leave(push, false);
  at.clock.advance(SPARED_MS - 1);
  assert.equal(at.gate.enter(push), "diverted");
  at.clock.advance(1);
  at.enter(push);
});

Deno.test("PushGate lets only so many wait, and remembers only so many silent receivers", async () => {
  const at = new Fixture();
  at.fill();
  for (let index = 0; index < WAITING; index++) at.wait(plain(`w${index}`));
  assert.equal(at.gate.enter(plain("one more")), "refused");
  assert.equal(at.gate.enter(ours("one more")), "diverted");
  at.gate.close();
  await turns(1);
  assert.equal(at.ends.length, WAITING);
  assert.deepEqual([at.wheel.size, at.clock.timers], [0, 0]);
  for (let index = 0; index < 5_000; index++) at.gate.silent(ours(`s${index}`, { broker: "c:1" }));
  assert.equal(at.gate.enter(ours("s0", { broker: "c:1" })), "entered", "the oldest are forgotten");
  assert.equal(at.gate.enter(ours("s4999", { broker: "c:1" })), "diverted");
});

Deno.test("PushGate keeps to its bounds whatever comes and goes, and leaves nobody waiting who could go", async () => {
  const step = fc.record({
    broker: fc.constantFrom("a:1", "b:1"),
    receiver: fc.constantFrom("1", "2", "3", "4", "5", "6", "7", "8"),
    ours: fc.boolean(),
    leaves: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const at = new Fixture();
      const under: Push[] = [];
      const settle = (push: Push, admission: Admission) => admission === "entered" && under.push(push);
      for (const { broker, receiver, ours, leaves } of steps) {
        const left = leaves ? under.shift() : undefined;
        if (left !== undefined) at.gate.leave(left, true);
        const push = { broker, receiver: `${ours}${receiver}`, ours, divertible: false };
        const admission = at.gate.enter(push);
        if (admission instanceof Promise) void admission.then((end) => settle(push, end));
        else settle(push, admission);
        await turns(1);
        const count = (matches: (push: Push) => boolean): number => under.filter(matches).length;
        assert.equal(at.gate.underWay, under.length);
        assert.ok(count((each) => each.broker === broker) <= AT_BROKER);
        const same = (each: Push): boolean => each.receiver === push.receiver;
        if (ours) assert.ok(count((each) => same(each) && each.broker === broker) <= 1);
        else assert.ok(count(same) <= 4);
      }
      // When everything is answered, everybody has had his turn.
      for (let left = under.shift(); left !== undefined; left = under.shift()) {
        at.gate.leave(left, true);
        await turns(1);
      }
      assert.deepEqual([at.gate.underWay, at.gate.refused, at.wheel.size], [0, 0, 0]);
    }),
    { numRuns: 50 },
  );
});

Deno.test("PushGate lets nobody wait whose signal ends, and keeps no place for it", async () => {
  const at = new Fixture();
  const push = ours("o");
  at.enter(push);
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const waiting = at.gate.enter(push, controller.signal);
  assert.ok(waiting instanceof Promise);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  at.gate.leave(push, true);
  assert.deepEqual([at.gate.underWay, at.gate.diverted, at.gate.refused, at.wheel.size], [0, 0, 0, 0]);
});
