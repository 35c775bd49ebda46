import assert from "node:assert/strict";
import { TakenBack } from "../../../actors/cells/lives.ts";
import { ByteBudget } from "../../../actors/cells/byte_budget.ts";
import { currentScope } from "../../../actors/cells/call_scope.ts";
import { Turns } from "../../../actors/cells/turns.ts";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { CellFixture, idempotent } from "../../helpers/actor_cells.ts";
import { cellHost } from "../../helpers/cell_host.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns, until } from "../../helpers/settled.ts";

/** States are numbers from 1: the how-manieth life it is. */
function lives() {
  let made = 0;
  return () => ({ life: ++made });
}

/** A handler that waits for the test; `gates` holds the inputs at work. */
function gated() {
  const gates = new Map<unknown, Deferred<unknown>>();
  const answer = (_: unknown, input: unknown) => {
    const gate = createDeferred<unknown>();
    gates.set(input, gate);
    return gate.promise;
  };
  return { gates, answer };
}

Deno.test("ActorCell runs one call at a time in order, all on the state that its factory made", async () => {
  const { gates, answer } = gated();
  const states = new Set<unknown>();
  const fixture = new CellFixture(lives(), (state, input) => (states.add(state), answer(state, input)));
  await fixture.cell.open();
  for (const id of ["a", "b", "c"]) assert.ok(fixture.cell.deliver(new FakeCall(id)));
  for (const id of ["a", "b", "c"]) {
    assert.deepEqual([[...gates.keys()].at(-1), fixture.cell.running], [id, 1]);
    gates.get(id)?.resolve(1);
    await turns();
  }
  assert.deepEqual([fixture.contexts.length, states.size, fixture.cell.busy], [1, 1, false]);
});

Deno.test("ActorCell is opened by the call that wants it, which then runs at once", () => {
  const fixture = new CellFixture(lives(), (state, input) => [state, input]);
  fixture.cell.rest();
  const call = new FakeCall("a");
  fixture.cell.deliver(call);
  assert.deepEqual([call.result, fixture.wants], [{ ok: true, output: [{ life: 1 }, "a"] }, 1]);
});

Deno.test("ActorCell lets calls wait for a factory that takes its time", async () => {
  const made = createDeferred<unknown>();
  const fixture = new CellFixture(() => made.promise, (state) => state);
  fixture.cell.rest();
  const calls = ["a", "b"].map((id) => new FakeCall(id));
  for (const call of calls) fixture.cell.deliver(call);
  assert.deepEqual([fixture.cell.phase, fixture.cell.depth, fixture.wants], ["opening", 2, 1]);
  made.resolve("state");
  await turns();
  assert.deepEqual(calls.map(({ result }) => result), [1, 2].map(() => ({ ok: true, output: "state" })));
  assert.ok(fixture.idles > 0);
});

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

Deno.test("ActorCell throws the state away after a crash, and runs the crashed call first on the next", async () => {
  const hooks: string[] = [];
  let life = 0;
  const fixture = new CellFixture(() => {
    const name = `life ${++life}`;
    return { name, [Symbol.asyncDispose]: async () => void await hooks.push(name) };
  }, (state, input, { attempt }) => {
    if (input === "poison" && attempt === 1) throw new Error("crash");
    return [state, attempt];
  });
  await fixture.cell.open();
  fixture.clock.advance(70);
  const [poison, next] = [idempotent("poison"), new FakeCall("next")];
  const records = await recordLogs(async () => {
    fixture.cell.deliver(poison);
    fixture.cell.deliver(next);
    await turns();
  });
  assert.deepEqual(eventsOf(records), [EVENTS.callee.handlerCrashed, EVENTS.actor.failed]);
  assert.deepEqual([fixture.cell.phase, fixture.cell.crashes, hooks], ["waiting", 1, ["life 1"]]);
  assert.deepEqual([fixture.exits.map(({ kind }) => kind), fixture.ranMs], [["failed"], [70]]);
  assert.deepEqual([poison.results, next.results], [[], []]);
  await fixture.cell.open();
  assert.ok(poison.result?.ok === true && next.result?.ok === true);
  assert.deepEqual(poison.result.output, next.result.ok && [(next.result.output as unknown[])[0], 2]);
});

Deno.test("ActorCell runs a crashed call three times, each on a fresh state, and never that of another method", async () => {
  for (const [call, attempts] of [[idempotent("a"), 3], [new FakeCall("a"), 1]] as const) {
    const fixture = new CellFixture(lives(), () => {
      throw new TypeError("secret");
    });
    await fixture.cell.open();
    fixture.cell.deliver(call);
    for (let round = 1; round < 5 && call.result === undefined; round++) await fixture.cell.open();
    assert.deepEqual([fixture.contexts.length, fixture.exits.length], [attempts, attempts]);
    const { result } = call;
    assert.ok(result !== undefined && !result.ok && "dead" in result);
    assert.equal(result.dead.attempts, attempts);
    assert.ok(!result.error.message.includes("secret"));
  }
});

Deno.test("ActorCell runs no crashed call again whose keeper does not retry, whose time is over or which was given up", async () => {
  const spoils: readonly ((fixture: CellFixture, call: FakeCall) => void)[] = [
    (fixture) => fixture.retries = false,
    (fixture, call) => call.deadlineMs = fixture.clock.now(),
    (_, call) => call.withdrawn = true,
    (_, call) => call.controller.abort(),
  ];
  for (const spoil of spoils) {
    const call = idempotent("a");
    const fixture: CellFixture = new CellFixture(lives(), () => {
      spoil(fixture, call);
      throw new Error("crash");
    });
    await fixture.cell.open();
    fixture.cell.deliver(call);
    assert.ok(call.result !== undefined && "dead" in call.result);
    await fixture.cell.open();
    assert.equal(call.results.length, 1);
  }
});

Deno.test("ActorCell fails a crashed call whose time ran out while it waited for the next life", async () => {
  const fixture = new CellFixture(lives(), () => {
    throw new Error("crash");
  });
  await fixture.cell.open();
  const call = idempotent("a");
  call.deadlineMs = fixture.clock.now() + 100;
  fixture.cell.deliver(call);
  fixture.clock.advance(100);
  await fixture.cell.open();
  assert.ok(call.result !== undefined && "dead" in call.result);
  assert.equal(call.result.dead.reason, "handler crashed, no time for another attempt");
  assert.equal(fixture.cell.phase, "open");
});

Deno.test("ActorCell takes an RpcError for an answer: its state stays", async () => {
  const error = new RpcError("not_found", "No");
  const fixture = new CellFixture(lives(), () => Promise.reject(error));
  await fixture.cell.open();
  const call = new FakeCall("a");
  fixture.cell.deliver(call);
  await turns();
  assert.deepEqual([call.results, fixture.exits, fixture.cell.phase], [
    [{ ok: false, error, ran: "yes" }],
    [],
    "open",
  ]);
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

Deno.test("ActorCell answers every call while it is suspended, those that wait and one that crashed included", async () => {
  const fixture = new CellFixture(lives(), () => {
    throw new Error("crash");
  });
  await fixture.cell.open();
  const [crashed, waiting, later] = [idempotent("crashed"), new FakeCall("waiting"), new FakeCall("later")];
  fixture.cell.deliver(crashed);
  fixture.cell.deliver(waiting);
  const error = new RpcError("unavailable", "suspended");
  fixture.cell.suspend(error);
  fixture.cell.deliver(later);
  for (const { results } of [waiting, later]) assert.deepEqual(results, [{ ok: false, error, ran: "no" }]);
  assert.ok(crashed.result !== undefined && "dead" in crashed.result);
  assert.equal(crashed.result.dead.reason, "handler crashed, its actor is suspended");
  assert.deepEqual([fixture.cell.phase, fixture.cell.busy], ["suspended", false]);
  fixture.cell.rest();
  const open = new FakeCall("open");
  fixture.cell.deliver(open);
  assert.equal(fixture.contexts.length, 2);
});

Deno.test("ActorCell answers the calls with what its keeper refuses them", () => {
  const fixture = new CellFixture(lives(), () => 1);
  fixture.refusal = new RpcError("not_found", "No such key");
  const waiting = new FakeCall("waiting");
  fixture.cell.deliver(waiting);
  fixture.cell.rest();
  const call = new FakeCall("a");
  fixture.cell.deliver(call);
  for (const { results } of [waiting, call]) {
    assert.deepEqual(results, [{ ok: false, error: fixture.refusal, ran: "no" }]);
  }
});

Deno.test("ActorCell restarts on fresh state when a handler ignores its signal for too long", async () => {
  const { gates, answer } = gated();
  const fixture = new CellFixture(lives(), answer);
  await fixture.cell.open();
  const [deaf, next] = [idempotent("deaf"), new FakeCall("next")];
  fixture.cell.deliver(deaf);
  fixture.cell.deliver(next);
  deaf.controller.abort();
  fixture.clock.advance(33_000);
  assert.deepEqual([fixture.exits.map(({ kind }) => kind), fixture.cell.running], [["failed"], 0]);
  assert.ok(deaf.result !== undefined && "dead" in deaf.result);
  await fixture.cell.open();
  assert.deepEqual([fixture.contexts.length, gates.has("next")], [2, true]);
  gates.get("deaf")?.resolve("late");
  await turns();
  assert.deepEqual([deaf.results.length, fixture.abandoned.node], [1, { count: 1, running: [] }]);
});

Deno.test("ActorCell refuses a call that leads back to it while it is busy, and runs it while it is not", async () => {
  for (const [key, chain] of [[undefined, ["test.Service/run@k"]], ["k1", ["test.Entity@k1"]]] as const) {
    const { gates, answer } = gated();
    const fixture = new CellFixture(lives(), answer, key === undefined ? {} : { key });
    await fixture.cell.open();
    const nested = (id: string) => Object.assign(new FakeCall(id), { chain: [...chain, "bank.B/y"] });
    fixture.cell.deliver(nested("free"));
    assert.ok(gates.has("free"));
    const refused = nested("refused");
    fixture.cell.deliver(refused);
    assert.ok(refused.result !== undefined && !refused.result.ok);
    assert.deepEqual([refused.result.error.code, refused.result.ran], ["failed_precondition", "no"]);
    assert.match(refused.result.error.message, / -> bank\.B\/y -> test\./);
    const other = Object.assign(new FakeCall("other"), { chain: ["test.Entity@k1@x", "test.Service/runs"] });
    fixture.cell.deliver(other);
    assert.deepEqual([other.results, fixture.cell.depth], [[], 1]);
    gates.get("free")?.resolve(1);
  }
});

Deno.test("ActorCell starts nothing that it may not claim, and goes on with the next", async () => {
  const { gates, answer } = gated();
  const fixture = new CellFixture(lives(), answer);
  await fixture.cell.open();
  for (const id of ["first", "gone", "next"]) {
    fixture.cell.deliver(Object.assign(new FakeCall(id), { claimable: id !== "gone" }));
  }
  gates.get("first")?.resolve(1);
  await turns();
  assert.deepEqual([[...gates.keys()], fixture.cell.depth], [["first", "next"], 0]);
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

Deno.test("ActorCell drops the calls that were given up, and keeps the others", async () => {
  const fixture = new CellFixture(lives(), (_, input) => input);
  const calls = ["a", "b", "c"].map((id) => new FakeCall(id));
  for (const call of calls) fixture.cell.deliver(call);
  calls.forEach((call, index) => call.withdrawn = index !== 1);
  fixture.cell.dropWithdrawn();
  assert.equal(fixture.cell.depth, 1);
  await fixture.cell.open();
  assert.deepEqual(calls.map(({ results }) => results.length), [0, 1, 0]);
});

Deno.test("ActorCell keeps within its mailbox's bounds, and tells when there is room", async () => {
  const { gates, answer } = gated();
  const fixture = new CellFixture(lives(), answer);
  await fixture.cell.open();
  fixture.cell.deliver(new FakeCall("first"));
  for (let index = 0; index < 64; index++) assert.ok(fixture.cell.deliver(new FakeCall(`${index}`)));
  assert.ok(!fixture.cell.deliver(new FakeCall("more")));
  gates.get("first")?.resolve(1);
  for (let index = 0; index < 32; index++) {
    await turns(1);
    gates.get(`${index}`)?.resolve(1);
  }
  await until(() => fixture.rooms === 1);
});

Deno.test("ActorCell runs a chain of 5,000 handlers that end their actor each time, on a flat stack", async () => {
  const clock = new ManualClock();
  const fixture: CellFixture = new CellFixture(lives(), (_, input, { self }) => {
    self.stop();
    return input;
  }, {
    host: { ...cellHost(clock), turns: new Turns(Infinity) },
    bounds: { maxCalls: Infinity, maxBytes: Infinity, budget: new ByteBudget(Infinity) },
  });
  const exited = fixture.exited.bind(fixture);
  fixture.exited = (cell, exit, ranMs) => {
    exited(cell, exit, ranMs);
    cell.rest();
  };
  const calls = Array.from({ length: 5_000 }, (_, index) => new FakeCall(`${index}`));
  for (const call of calls) fixture.cell.deliver(call);
  await fixture.cell.open();
  assert.deepEqual([fixture.contexts.length, fixture.cell.depth], [5_000, 0]);
});
