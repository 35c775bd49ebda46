import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { EntityFixture } from "../../helpers/entity_fixture.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { turns, until } from "../../helpers/settled.ts";

/** Keys whose state has a stop hook; `live` holds those that are alive, `events` what became of them. */
function recorded(hook: (key: string) => unknown = () => {}) {
  const events: string[] = [];
  const live = new Set<string>();
  const make = (key: string) => {
    assert.ok(!live.has(key), `"${key}" lives twice`);
    live.add(key);
    events.push(`+${key}`);
    return {
      [Symbol.asyncDispose]: async () => {
        await hook(key);
        live.delete(key);
        events.push(`-${key}`);
      },
    };
  };
  return { events, live, make };
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

Deno.test("EntityCells keep a state per key, and run the calls of a key one at a time, keys beside one another", async () => {
  const { gates, answer } = gated();
  const states: string[] = [];
  const fixture = new EntityFixture((key) => states.push(key) && key, answer);
  for (const [key, input] of [["a", "a1"], ["a", "a2"], ["b", "b1"]] as const) fixture.send(key, input);
  assert.deepEqual([[...gates.keys()], states], [["a1", "b1"], ["a", "b"]]);
  gates.get("a1")?.resolve(1);
  await turns();
  assert.deepEqual([[...gates.keys()], states], [["a1", "b1", "a2"], ["a", "b"]]);
});

Deno.test("EntityCells refuse a call without a key", () => {
  const fixture = new EntityFixture(() => 1, () => 1);
  const call = fixture.call("a");
  call.key = undefined;
  assert.ok(fixture.cells.deliver(call));
  assert.ok(call.result !== undefined && !call.result.ok);
  assert.deepEqual([call.result.error.code, call.result.ran, fixture.cells.size], [
    "invalid_argument",
    "no",
    0,
  ]);
});

Deno.test("EntityCells passivate a key that has been idle for long enough, and make it anew for its next call", async () => {
  const { events, make } = recorded();
  const fixture = new EntityFixture(make, () => 1, { passivateAfterMs: 60_000 });
  fixture.send("a");
  fixture.clock.advance(30_000);
  fixture.send("b");
  fixture.clock.advance(20_000);
  fixture.send("a");
  fixture.clock.advance(39_999);
  await turns();
  assert.deepEqual(events, ["+a", "+b"]);
  fixture.clock.advance(1);
  await turns();
  assert.deepEqual([events, fixture.keys], [["+a", "+b", "-b"], ["a"]]);
  fixture.clock.advance(20_000);
  await turns();
  assert.deepEqual([events, fixture.keys, fixture.clock.timers], [["+a", "+b", "-b", "-a"], [], 0]);
  const again = fixture.send("b");
  assert.deepEqual([events.at(-1), again.result?.ok], ["+b", true]);
  assert.deepEqual(fixture.cells.counts, { activations: 3, passivations: 2, failures: 0 });
});

Deno.test("EntityCells never passivate a key that has work", async () => {
  const { events, make } = recorded();
  const { gates, answer } = gated();
  const fixture = new EntityFixture(make, answer, { passivateAfterMs: 1_000 });
  fixture.send("a");
  fixture.clock.advance(100_000);
  await turns();
  assert.deepEqual(events, ["+a"]);
  gates.get("a")?.resolve(1);
  await turns();
  fixture.clock.advance(1_000);
  await turns();
  assert.deepEqual(events, ["+a", "-a"]);
});

Deno.test("EntityCells wait with a new life until the stop hook of the last one is through", async () => {
  const hook = createDeferred<void>();
  const { events, make } = recorded(() => hook.promise);
  const fixture = new EntityFixture(make, () => 1, { passivateAfterMs: 1_000 });
  fixture.send("a");
  fixture.clock.advance(1_000);
  const call = fixture.send("a");
  await turns();
  assert.deepEqual([call.results, events], [[], ["+a"]]);
  hook.resolve();
  await turns();
  assert.deepEqual([call.result?.ok, events], [true, ["+a", "-a", "+a"]]);
});

Deno.test("EntityCells make room for a new key by the one that has been idle for longest", async () => {
  const { events, make } = recorded();
  const fixture = new EntityFixture((key) => void make(key), () => 1, { maxCells: 3 });
  for (const key of ["a", "b", "c", "a", "d", "e"]) fixture.send(key);
  assert.deepEqual([fixture.keys, fixture.cells.size], [["a", "d", "e"], 3]);
  await turns();
  assert.deepEqual(events, ["+a", "+b", "+c", "+d", "+e"]);
});

Deno.test("EntityCells let the partition wait while all keys are busy, and tell it when there is room", async () => {
  const { gates, answer } = gated();
  const fixture = new EntityFixture(() => 1, answer, { maxCells: 2 });
  fixture.send("a");
  fixture.send("b");
  const waiting = fixture.call("c");
  assert.ok(!fixture.cells.deliver(waiting) && !fixture.cells.deliver(waiting));
  await turns();
  assert.equal(fixture.rooms, 0);
  assert.ok(fixture.cells.deliver(fixture.call("b", "b2")), "keys that are there need no room");
  gates.get("a")?.resolve(1);
  await turns();
  assert.equal(fixture.rooms, 1);
  assert.ok(fixture.cells.deliver(waiting));
  assert.deepEqual([fixture.keys, fixture.cells.size], [["b", "c"], 2]);
});

Deno.test("EntityCells wait for a stop hook before another key takes the room", async () => {
  const hooks = new Map<string, Deferred<void>>();
  const { live, make } = recorded((key) => {
    const hook = createDeferred<void>();
    hooks.set(key, hook);
    return hook.promise;
  });
  const fixture = new EntityFixture(make, () => 1, { maxCells: 2 });
  for (const key of ["a", "b"]) fixture.send(key);
  const call = fixture.call("c");
  assert.ok(!fixture.cells.deliver(call));
  assert.deepEqual([[...hooks.keys()], fixture.cells.size], [["a"], 2]);
  assert.ok(!fixture.cells.deliver(call));
  assert.deepEqual([...hooks.keys()], ["a"], "one is enough");
  hooks.get("a")?.resolve();
  await until(() => fixture.rooms === 1);
  assert.ok(fixture.cells.deliver(call));
  assert.deepEqual([[...live], call.result?.ok], [["b", "c"], true]);
});

Deno.test("EntityCells let the partition wait for a key whose mailbox is full", async () => {
  const { gates, answer } = gated();
  const fixture = new EntityFixture(() => 1, answer, { mailboxCalls: 2 });
  for (const input of [1, 2, 3]) fixture.send("a", input);
  assert.ok(!fixture.cells.deliver(fixture.call("a", 4)));
  assert.ok(fixture.cells.deliver(fixture.call("b", 5)));
  gates.get(1)?.resolve(1);
  await turns();
  assert.equal(fixture.rooms, 1);
});

Deno.test("EntityCells start a key again by its next call, after a wait that grows with its failures", async () => {
  const lives: string[] = [];
  const fixture = new EntityFixture((key) => lives.push(key) && key, (_, input) => {
    if (input === "crash") throw new Error("crash");
    return input;
  }, { restart: "transient" });
  const crashed = fixture.send("a", "crash");
  // Full jitter with 0.5: half of 100, of 200 milliseconds.
  for (const waitMs of [50, 100]) {
    assert.deepEqual(crashed.results, []);
    const before = lives.length;
    fixture.clock.advance(waitMs - 1);
    assert.equal(lives.length, before);
    fixture.clock.advance(1);
    assert.equal(lives.length, before + 1);
  }
  assert.ok(crashed.result !== undefined && "dead" in crashed.result);
  const next = fixture.send("a", "next");
  assert.deepEqual(next.results, []);
  fixture.clock.advance(200);
  assert.deepEqual([next.result, fixture.keys], [{ ok: true, output: "next" }, ["a"]]);
});

Deno.test("EntityCells forget a key that failed and that nobody calls", () => {
  const fixture = new EntityFixture(() => 1, () => {
    throw new Error("crash");
  });
  const call = fixture.call("a");
  call.attempt = 3;
  fixture.cells.deliver(call);
  assert.deepEqual(fixture.keys, ["a"]);
  fixture.clock.advance(100);
  assert.deepEqual([fixture.keys, [...fixture.cells.troubles.cells], fixture.clock.timers], [[], [], 0]);
});

Deno.test("EntityCells suspend the key that fails when the restarts of all are spent, and no other", async () => {
  const fixture = new EntityFixture(() => 1, (_, input) => {
    if (input === "crash") throw new TypeError("secret");
    return input;
  }, { supervision: { intensity: 2, periodMs: 60_000 } });
  const records = await recordLogs(() => {
    const poison = fixture.send("a", "crash");
    fixture.clock.advance(50);
    fixture.clock.advance(100);
    assert.ok(poison.result !== undefined && "dead" in poison.result);
  });
  assert.ok(eventsOf(records).includes(EVENTS.actor.suspended));
  const refused = fixture.send("a");
  assert.ok(refused.result !== undefined && !refused.result.ok);
  assert.deepEqual([refused.result.error.code, refused.result.ran], ["unavailable", "no"]);
  const { message } = refused.result.error;
  assert.match(
    message,
    /"test\.Entity@a" is suspended until \d{4}-.*Z, its restarts are spent: it failed with TypeError/,
  );
  assert.ok(!message.includes("secret"));
  assert.equal(fixture.send("b", 1).result?.ok, true);
  fixture.clock.advance(9_999);
  assert.equal(fixture.send("a").result?.ok, false);
  fixture.clock.advance(1);
  assert.equal(fixture.send("a", 1).result?.ok, true);
  assert.deepEqual(fixture.gaveUp, []);
});

Deno.test("EntityCells escalate once where they are told to, and keep the key that failed closed", () => {
  const fixture = new EntityFixture(() => 1, () => {
    throw new Error("crash");
  }, { supervision: { intensity: 0, onGiveUp: "escalate" } });
  const failing = ["a", "b"].map((key) => fixture.send(key));
  assert.deepEqual(fixture.gaveUp.map(({ message }) => message), [
    'Entity "test.Entity" gave up: "test.Entity@a" failed after 0 restarts in 10000 ms',
  ]);
  assert.deepEqual(failing.map(({ result }) => result !== undefined && "dead" in result), [true, true]);
  assert.equal(fixture.send("a").result?.ok, false);
});

Deno.test("EntityCells that are temporary run no crashed call again, and spend nothing", () => {
  const lives: string[] = [];
  const fixture = new EntityFixture((key) => lives.push(key), (_, input) => {
    if (input === "crash") throw new Error("crash");
    return input;
  }, { restart: "temporary", supervision: { intensity: 0 } });
  const crashed = fixture.send("a", "crash");
  assert.ok(crashed.result !== undefined && "dead" in crashed.result);
  assert.deepEqual([fixture.keys, fixture.send("a", 1).result?.ok, lives.length], [[], true, 2]);
});

Deno.test("EntityCells end a key normally when its handler asks for it", () => {
  const lives: string[] = [];
  const fixture = new EntityFixture((key) => lives.push(key), (_, _input, { self }) => self.stop());
  fixture.send("a");
  assert.deepEqual([fixture.keys, lives], [[], ["a"]]);
  fixture.send("a");
  assert.deepEqual([fixture.keys, lives, fixture.cells.restartsLeft], [[], ["a", "a"], 5]);
});

Deno.test("EntityCells take an RpcError of a factory for an answer, now or later", async () => {
  const error = new RpcError("not_found", "No such account");
  const made = createDeferred<unknown>();
  for (
    const make of [() => made.promise, () => {
      throw error;
    }]
  ) {
    const fixture = new EntityFixture(make, () => 1);
    const calls = [fixture.send("a"), fixture.send("a")];
    made.reject(error);
    await turns();
    for (const { results } of calls) assert.deepEqual(results, [{ ok: false, error, ran: "no" }]);
    assert.deepEqual([fixture.keys, fixture.cells.restartsLeft, fixture.clock.timers], [[], 5, 0]);
  }
});

Deno.test("EntityCells let calls wait for a factory that failed, which is called again after a wait", async () => {
  let tries = 0;
  const fixture = new EntityFixture(
    () => ++tries < 3 ? Promise.reject(new Error("no database")) : "state",
    (state) => state,
  );
  const call = fixture.call("a");
  const records = await recordLogs(async () => {
    assert.ok(fixture.cells.deliver(call));
    for (const waitMs of [50, 100]) {
      await turns();
      assert.deepEqual(call.results, []);
      fixture.clock.advance(waitMs);
    }
    await turns();
  });
  assert.deepEqual([tries, call.result], [3, { ok: true, output: "state" }]);
  assert.equal(eventsOf(records).filter((event) => event === EVENTS.actor.startFailed).length, 2);
  assert.equal(fixture.cells.restartsLeft, 3);
});

Deno.test("EntityCells that are temporary answer the calls whose factory failed", async () => {
  const fixture = new EntityFixture(() => Promise.reject(new Error("no database")), () => 1, {
    restart: "temporary",
  });
  const call = fixture.send("a");
  await turns();
  assert.ok(call.result !== undefined && !call.result.ok);
  assert.deepEqual([call.result.error.code, call.result.ran, fixture.keys], ["unavailable", "no", []]);
});

Deno.test("EntityCells give a factory up that takes too long, and try again", async () => {
  const slow = createDeferred<unknown>();
  const states = [slow.promise, "second"];
  const fixture = new EntityFixture(() => states.shift(), (state) => state, {
    startMs: 1_000,
    shutdownMs: 100,
  });
  const call = fixture.send("a");
  fixture.clock.advance(1_000);
  await turns();
  fixture.clock.advance(100);
  await turns();
  assert.deepEqual(fixture.abandoned.node?.running, ["test.Entity@a (factory)"]);
  fixture.clock.advance(50);
  await turns();
  assert.deepEqual(call.result, { ok: true, output: "second" });
  slow.resolve("first");
  await turns();
  assert.deepEqual([fixture.abandoned.node?.running, fixture.send("a").result], [[], {
    ok: true,
    output: "second",
  }]);
});

Deno.test("EntityCells end the keys of a partition that is given back, and wait for their hooks", async () => {
  const hook = createDeferred<void>();
  const { live, make } = recorded((key) => key === "a" ? hook.promise : undefined);
  const fixture = new EntityFixture(make, () => 1);
  for (const [key, partition] of [["a", "x/0"], ["b", "x/0"], ["c", "x/1"]] as const) {
    fixture.send(key, 1, partition);
  }
  let released = false;
  const releasing = fixture.cells.released("x/0").then(() => released = true);
  await turns();
  assert.deepEqual([released, [...live]], [false, ["a", "c"]]);
  hook.resolve();
  await releasing;
  assert.deepEqual([[...live], fixture.keys], [["c"], ["c"]]);
});

Deno.test("EntityCells drop what waited for a partition that is given back, and start a key that comes back afresh", async () => {
  const hook = createDeferred<void>();
  const { events, make } = recorded(() => hook.promise);
  const { gates, answer } = gated();
  const fixture = new EntityFixture(make, answer);
  const [running, waiting] = [fixture.send("a", "running"), fixture.send("a", "waiting")];
  for (const call of [running, waiting]) call.withdrawn = true;
  running.controller.abort();
  const releasing = fixture.cells.released("a/0");
  gates.get("running")?.resolve(1);
  await turns();
  const back = fixture.send("a", "back");
  hook.resolve();
  await releasing;
  await turns();
  assert.deepEqual([[...gates.keys()], events, waiting.results], [
    ["running", "back"],
    ["+a", "-a", "+a"],
    [],
  ]);
  gates.get("back")?.resolve("ok");
  await turns();
  assert.equal(back.result?.ok, true);
});

Deno.test("EntityCells forget the failures of keys whose partition is given back", async () => {
  const fixture = new EntityFixture(() => 1, () => {
    throw new Error("crash");
  }, { supervision: { intensity: 1 } });
  const [waits, suspended] = [fixture.send("waits"), fixture.send("suspended")];
  for (const call of [waits, suspended]) call.withdrawn = true;
  assert.equal(fixture.clock.timers, 2);
  await fixture.cells.released("a/0");
  assert.deepEqual([fixture.keys, [...fixture.cells.troubles.cells], fixture.clock.timers], [[], [], 0]);
});

Deno.test("EntityCells leave a handler behind that goes on after its partition is given back", async () => {
  const { gates, answer } = gated();
  const fixture = new EntityFixture(() => 1, answer);
  const deaf = fixture.send("a", "deaf");
  deaf.withdrawn = true;
  const releasing = fixture.cells.released("a/0");
  for (const ms of [5_000, 50]) {
    fixture.clock.advance(ms);
    await turns();
  }
  await releasing;
  assert.deepEqual([fixture.abandoned.node?.count, fixture.keys], [1, []]);
  const next = fixture.send("a", "next");
  gates.get("deaf")?.resolve("late");
  gates.get("next")?.resolve("ok");
  await turns();
  assert.deepEqual([next.result, fixture.abandoned.node?.running], [{ ok: true, output: "ok" }, []]);
});

Deno.test("EntityCells end everything when they stop, and start nothing any more", async () => {
  const { live, make } = recorded();
  const fixture = new EntityFixture(make, (_, input) => {
    if (input === "crash") throw new Error("crash");
    return input;
  });
  for (const key of ["a", "b", "c"]) fixture.send(key, key === "c" ? "crash" : key);
  await fixture.cells.stop();
  await turns();
  assert.deepEqual([[...live], fixture.keys, fixture.clock.timers], [[], [], 0]);
  fixture.cells.deliver(fixture.call("d"));
  assert.deepEqual([...live], []);
});
