import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { EntityFixture } from "../../helpers/entity_fixture.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { turns } from "../../helpers/settled.ts";

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
