import assert from "node:assert/strict";
import { ByteBudget } from "../../../actors/cells/byte_budget.ts";
import { Turns } from "../../../actors/cells/turns.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { CellFixture, idempotent, lives } from "../../helpers/actor_cells.ts";
import { cellHost } from "../../helpers/cell_host.ts";
import { gated } from "../../helpers/gates.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns, until } from "../../helpers/settled.ts";

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
