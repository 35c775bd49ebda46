import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { EntityFixture } from "../../helpers/entity_fixture.ts";
import { gated } from "../../helpers/gates.ts";
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

Deno.test("EntityCells end a key normally when its handler asks for it", () => {
  const lives: string[] = [];
  const fixture = new EntityFixture((key) => lives.push(key), (_, _input, { self }) => self.stop());
  fixture.send("a");
  assert.deepEqual([fixture.keys, lives], [[], ["a"]]);
  fixture.send("a");
  assert.deepEqual([fixture.keys, lives, fixture.cells.restartsLeft], [[], ["a", "a"], 5]);
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
