import assert from "node:assert/strict";
import { TakenBack } from "../../../actors/cells/lives.ts";
import { currentScope } from "../../../actors/cells/call_scope.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { CellFixture, idempotent, lives } from "../../helpers/actor_cells.ts";
import { gated } from "../../helpers/gates.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("ActorCell gives its factory the name, the key and a signal that aborts with the life", async () => {
  const fixture = new CellFixture(lives(), () => 1, { key: "k1" });
  await fixture.cell.open();
  const [context] = fixture.contexts;
  assert.ok(context !== undefined);
  assert.deepEqual([context.name, context.key, context.signal.aborted], ["test.Entity@k1", "k1", false]);
  await fixture.cell.close();
  assert.ok(context.signal.aborted);
  await fixture.cell.open();
  assert.deepEqual([fixture.contexts[1]?.signal.aborted, context.signal.aborted], [false, true]);
});

Deno.test("ActorCell runs factory and stop hook outside of the call that led to them", async () => {
  const scopes: unknown[] = [];
  const inner = new CellFixture(() => {
    scopes.push(currentScope());
    return { [Symbol.dispose]: () => void scopes.push(currentScope()) };
  }, () => scopes.push(currentScope()));
  const outer = new CellFixture(lives(), async () => {
    inner.cell.rest();
    inner.cell.deliver(new FakeCall("inner"));
    await inner.cell.close();
  });
  await outer.cell.open();
  outer.cell.deliver(new FakeCall("outer"));
  await turns();
  assert.deepEqual(scopes.map((scope) => scope === undefined), [true, false, true]);
});

Deno.test("ActorCell ends normally after the call that asked for it, at once where none runs, and never a later life", async () => {
  const hooks: number[] = [];
  let life = 0;
  let stopLater = () => {};
  const fixture = new CellFixture(() => {
    const name = ++life;
    return { [Symbol.dispose]: () => void hooks.push(name) };
  }, (_, input, { self }) => {
    if (input === "stop") self.stop();
    if (input === "keep") stopLater = () => self.stop();
    return life;
  });
  await fixture.cell.open();
  const [stop, after] = [new FakeCall("stop"), new FakeCall("after")];
  fixture.cell.deliver(stop);
  fixture.cell.deliver(after);
  assert.deepEqual([stop.result, after.results, hooks], [{ ok: true, output: 1 }, [], [1]]);
  assert.deepEqual(fixture.exits, [{ kind: "normal" }]);
  fixture.cell.rest();
  assert.deepEqual(after.result, { ok: true, output: 2 });
  fixture.cell.deliver(new FakeCall("keep"));
  stopLater();
  stopLater();
  assert.deepEqual(
    [fixture.exits.length, hooks],
    [2, [1, 2]],
    "one that is asked while nothing runs ends at once",
  );
  fixture.cell.rest();
  fixture.cell.deliver(new FakeCall("third"));
  stopLater();
  assert.equal(fixture.exits.length, 2, "an earlier life ends nothing");
});

Deno.test("ActorCell has one life at a time: calls that come while one ends wait for the next", async () => {
  const hook = createDeferred<void>();
  let life = 0;
  const fixture = new CellFixture(
    () => ({ name: ++life, [Symbol.asyncDispose]: () => hook.promise }),
    () => life,
  );
  await fixture.cell.open();
  const closing = fixture.cell.close();
  assert.equal(fixture.cell.close(), closing);
  const call = new FakeCall("a");
  fixture.cell.deliver(call);
  const opening = fixture.cell.open();
  await turns();
  assert.deepEqual([fixture.cell.phase, life, call.results], ["closing", 1, []]);
  hook.resolve();
  await Promise.all([closing, opening]);
  assert.deepEqual([life, call.result], [2, { ok: true, output: 2 }]);
});

Deno.test("ActorCell lets the call that runs finish before it closes, then calls the hook", async () => {
  const { gates, answer } = gated();
  const events: string[] = [];
  const fixture = new CellFixture(() => ({ [Symbol.dispose]: () => void events.push("hook") }), answer);
  await fixture.cell.open();
  const call = new FakeCall("a");
  call.onSettled = () => events.push("settled");
  fixture.cell.deliver(call);
  const closing = fixture.cell.close();
  assert.ok(fixture.contexts[0]?.signal.aborted);
  fixture.clock.advance(4_999);
  await turns();
  assert.deepEqual(events, []);
  gates.get("a")?.resolve(1);
  await closing;
  assert.deepEqual([events, fixture.clock.timers > 1, fixture.exits], [["settled", "hook"], false, []]);
});

Deno.test("ActorCell leaves a handler behind that does not let it close, and runs its call again if it may", async () => {
  for (const [call, again] of [[idempotent("a"), true], [new FakeCall("a"), false]] as const) {
    const { gates, answer } = gated();
    const fixture = new CellFixture(lives(), answer);
    await fixture.cell.open();
    fixture.cell.deliver(call);
    const old = gates.get("a");
    const { signal } = call;
    const closing = fixture.cell.close();
    fixture.clock.advance(4_999);
    await turns();
    assert.ok(!signal.aborted);
    fixture.clock.advance(1);
    await turns();
    assert.ok(signal.aborted && !call.signal.aborted, "the next attempt has a signal of its own");
    fixture.clock.advance(50);
    await closing;
    assert.deepEqual(fixture.abandoned.node, { count: 1, running: ["a"] });
    assert.equal(call.results.length, again ? 0 : 1);
    await fixture.cell.open();
    old?.resolve("late");
    await turns();
    assert.equal(fixture.abandoned.endedLate, 1);
    if (again) {
      gates.get("a")?.resolve("second");
      await turns();
      assert.deepEqual(call.results, [{ ok: true, output: "second" }]);
    }
  }
});

Deno.test("ActorCell runs a call again whose handler gave up because its actor was stopped", async () => {
  const fixture = new CellFixture(lives(), (_, _input, { signal, attempt }) => {
    if (attempt === 2) return "second";
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  await fixture.cell.open();
  const call = idempotent("a");
  fixture.cell.deliver(call);
  const closing = fixture.cell.close();
  fixture.clock.advance(5_000);
  await closing;
  await fixture.cell.open();
  assert.deepEqual([call.results, fixture.abandoned.node], [[{ ok: true, output: "second" }], undefined]);
});

Deno.test("ActorCell waits for a stop hook within its time, and leaves it behind then", async () => {
  const hook = createDeferred<void>();
  const fixture = new CellFixture(() => ({ [Symbol.asyncDispose]: () => hook.promise }), () => 1);
  await fixture.cell.open();
  const records = await recordLogs(async () => {
    const closing = fixture.cell.close();
    fixture.clock.advance(4_999);
    await turns();
    assert.equal(fixture.cell.phase, "closing");
    fixture.clock.advance(1);
    await closing;
  });
  assert.deepEqual(eventsOf(records), [EVENTS.actor.hookAbandoned]);
  assert.deepEqual(fixture.abandoned.node, { count: 1, running: ["test.Service/run (stop hook)"] });
  hook.resolve();
  await turns();
  assert.deepEqual(fixture.abandoned.node, { count: 1, running: [] });
});

Deno.test("ActorCell logs what a stop hook throws, and closes all the same", async () => {
  for (
    const hook of [() => Promise.reject(new Error("no")), () => {
      throw new Error("no");
    }]
  ) {
    const fixture = new CellFixture(() => Object.assign(() => {}, { [Symbol.asyncDispose]: hook }), () => 1);
    await fixture.cell.open();
    const records = await recordLogs(async () => await fixture.cell.close());
    assert.deepEqual([eventsOf(records), fixture.cell.phase], [[EVENTS.actor.hookFailed], "waiting"]);
  }
});

Deno.test("ActorCell throws what its factory throws, now or later, and waits for what follows", async () => {
  for (
    const make of [() => Promise.reject(new RangeError("no")), () => {
      throw new RangeError("no");
    }]
  ) {
    const fixture = new CellFixture(make, () => 1);
    await assert.rejects(async () => await fixture.cell.open(), RangeError);
    const call = new FakeCall("a");
    assert.ok(fixture.cell.deliver(call));
    assert.deepEqual([fixture.cell.phase, fixture.cell.depth, fixture.contexts[0]?.signal.aborted], [
      "waiting",
      1,
      true,
    ]);
  }
});

Deno.test("ActorCell takes a start back: what the factory makes then is ended at once", async () => {
  const made = createDeferred<unknown>();
  const hooks: string[] = [];
  const state = { [Symbol.dispose]: () => void hooks.push("hook") };
  const fixture = new CellFixture(() => made.promise, () => assert.fail("ran"));
  const opening = assert.rejects(async () => await fixture.cell.open(), TakenBack);
  const closing = fixture.cell.close();
  assert.ok(fixture.contexts[0]?.signal.aborted);
  made.resolve(state);
  await Promise.all([opening, closing]);
  assert.deepEqual([hooks, fixture.cell.phase, fixture.abandoned.node], [["hook"], "waiting", undefined]);
});

Deno.test("ActorCell leaves a factory behind that does not end, and ends what it makes later", async () => {
  const slow = createDeferred<unknown>();
  const hooks: string[] = [];
  const states = [slow.promise, "second"];
  const fixture = new CellFixture(() => states.shift(), (state) => state);
  const opening = assert.rejects(async () => await fixture.cell.open(), TakenBack);
  const closing = fixture.cell.close();
  fixture.clock.advance(5_000);
  await closing;
  assert.deepEqual(fixture.abandoned.node?.running, ["test.Service/run (factory)"]);
  await fixture.cell.open();
  slow.resolve({ [Symbol.dispose]: () => void hooks.push("hook") });
  await opening;
  const call = new FakeCall("a");
  fixture.cell.deliver(call);
  assert.deepEqual([hooks, call.result], [["hook"], { ok: true, output: "second" }]);
  await turns();
  assert.deepEqual(fixture.abandoned.node?.running, []);
});

Deno.test("ActorCell closes while the start of a call is recorded, and does not run it on a state that is gone", async () => {
  const recorded = createDeferred<void>();
  const fixture = new CellFixture(lives(), () => assert.fail("ran"));
  await fixture.cell.open();
  const call = new FakeCall("a");
  call.onStarted = () => recorded.promise;
  fixture.cell.deliver(call);
  const closing = fixture.cell.close();
  for (const ms of [5_000, 50]) {
    fixture.clock.advance(ms);
    await turns();
  }
  await closing;
  recorded.resolve();
  await turns();
  assert.deepEqual([fixture.cell.running, fixture.abandoned.node?.running], [0, []]);
});
