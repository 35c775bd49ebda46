import assert from "node:assert/strict";
import { EVENTS } from "../../../src/log/events.ts";
import { CellFixture, idempotent, lives } from "../../helpers/actor_cells.ts";
import { gated } from "../../helpers/gates.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { turns } from "../../helpers/settled.ts";

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

Deno.test("ActorCell neither runs nor answers a crashed call whose queue was lost: its next owner decides", async () => {
  for (
    const [call, early] of [[idempotent("a"), false], [idempotent("a"), true], [
      new FakeCall("a"),
      true,
    ]] as const
  ) {
    let runs = 0;
    const fixture = new CellFixture(lives(), () => {
      runs++;
      call.lost = early;
      throw new TypeError("secret");
    });
    await fixture.cell.open();
    await recordLogs(() => void fixture.cell.deliver(call));
    call.lost = true;
    await fixture.cell.open();
    assert.deepEqual([runs, call.results, call.dropped], [1, [], 1]);
  }
});

Deno.test("ActorCell drops a crashed call that was given up while it waited for the next life", async () => {
  const fixture = new CellFixture(lives(), () => {
    throw new TypeError("secret");
  });
  const call = idempotent("a");
  await fixture.cell.open();
  await recordLogs(() => void fixture.cell.deliver(call));
  fixture.cell.dropWithdrawn();
  assert.equal(call.dropped, 0);
  call.withdrawn = true;
  fixture.cell.dropWithdrawn();
  await fixture.cell.open();
  assert.deepEqual([call.results, call.dropped], [[], 1]);
});
