import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { FifoMailbox } from "../../../actors/cells/mailbox.ts";
import { Turns } from "../../../actors/cells/turns.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { HandlerContext } from "../../../src/call/handler.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { cellHost } from "../../helpers/cell_host.ts";
import { cellOf, roomFor } from "../../helpers/cells.ts";
import { gated } from "../../helpers/gates.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns, until } from "../../helpers/settled.ts";

Deno.test("Cell answers a call with what its handler returns, now or later", async () => {
  for (
    const handler of [(input: unknown) => [input], async (input: unknown) => await Promise.resolve([input])]
  ) {
    const call = new FakeCall("a");
    assert.ok(cellOf(handler).deliver(call));
    await turns();
    assert.deepEqual(call.results, [{ ok: true, output: ["a"] }]);
  }
});

Deno.test("Cell shows the handler its call", () => {
  let seen: HandlerContext | undefined;
  const [call, clock] = [new FakeCall("a"), new ManualClock()];
  call.deadlineMs = clock.now() + 50;
  call.attempt = 2;
  cellOf((_, context) => void (seen = context), { clock }).deliver(call);
  assert.ok(seen !== undefined);
  assert.deepEqual(
    [seen.callId, seen.deadline, seen.remainingMs(), seen.attempt, seen.idempotencyKey, seen.caller],
    ["a", call.deadlineMs, 50, 2, "k", "test/1"],
  );
  assert.equal(seen.headers.get("tenant"), "t1");
  assert.equal(seen.signal, call.signal);
});

Deno.test("Cell runs as many handlers at once as its concurrency, in order", async () => {
  const { gates, handler } = gated();
  const cell = cellOf(handler);
  for (const id of ["a", "b", "c", "d"]) cell.deliver(new FakeCall(id));
  assert.deepEqual([[...gates.keys()], cell.running, cell.depth], [["a", "b"], 2, 2]);
  gates.get("b")?.resolve(1);
  await turns();
  assert.deepEqual([[...gates.keys()], cell.running, cell.depth], [["a", "b", "c"], 2, 1]);
  for (const id of ["a", "c", "d"]) {
    gates.get(id)?.resolve(1);
    await turns();
  }
  assert.deepEqual([cell.running, cell.depth], [0, 0]);
});

Deno.test("Cell runs a chain of 5,000 handlers that answer at once on a flat stack", async () => {
  let ran = 0;
  const first = createDeferred<void>();
  const cell = cellOf((input) => (ran++, input === 0 ? first.promise : input), { concurrency: 1 });
  const calls = Array.from({ length: 5_000 }, (_, index) => new FakeCall(String(index), index));
  for (const call of calls) cell.deliver(call);
  assert.equal(cell.depth, 4_999);
  first.resolve();
  await turns();
  assert.deepEqual([ran, cell.depth, cell.running], [5_000, 0, 0]);
});

Deno.test("Cell takes calls that are delivered while one is answered, on a flat stack", () => {
  let ran = 0;
  const cell = cellOf((input) => (ran++, input), { concurrency: 1 });
  const deliver = (index: number) => {
    const call = new FakeCall(String(index), index);
    if (index < 5_000) call.onSettled = () => deliver(index + 1);
    cell.deliver(call);
  };
  deliver(1);
  assert.equal(ran, 5_000);
});

Deno.test("Cell starts nothing that it may not claim, and goes on with the next", () => {
  const cell = cellOf((input) => input, { concurrency: 1 });
  const gone = new FakeCall("gone");
  gone.claimable = false;
  const next = new FakeCall("next");
  cell.deliver(gone);
  cell.deliver(next);
  assert.deepEqual([gone.results, next.result?.ok, cell.running], [[], true, 0]);
});

Deno.test("Cell runs the handler only once its start is on record", async () => {
  let runs = 0;
  const recorded = createDeferred<void>();
  const call = new FakeCall("a");
  call.onStarted = () => recorded.promise;
  const cell = cellOf(() => void runs++);
  cell.deliver(call);
  await turns();
  assert.deepEqual([runs, cell.running], [0, 1]);
  recorded.resolve();
  await turns();
  assert.deepEqual([runs, call.results, cell.running], [1, [{ ok: true, output: undefined }], 0]);
});

Deno.test("Cell runs nothing when the partition is lost while the start is recorded", async () => {
  for (const outcome of ["rejected", "recorded"] as const) {
    const recorded = createDeferred<void>();
    const call = new FakeCall("a");
    call.onStarted = () => recorded.promise;
    const cell = cellOf(() => assert.fail("ran"), { concurrency: 1 });
    cell.deliver(call);
    call.withdrawn = true;
    if (outcome === "rejected") recorded.reject(new RpcError("unavailable", "Lost"));
    else recorded.resolve();
    await turns();
    assert.deepEqual([call.results, cell.running], [[], 0], outcome);
  }
});

Deno.test("Cell survives a thenable that settles twice, from within, or throws", async () => {
  const twice = { then: (resolve: (value: number) => void) => [resolve(1), resolve(2)] };
  const call = new FakeCall("a");
  const cell = cellOf(() => twice, { concurrency: 1 });
  cell.deliver(call);
  await turns();
  assert.deepEqual([call.results, cell.running], [[{ ok: true, output: 1 }], 0]);
  const throwing = new FakeCall("b");
  const other = cellOf(() => ({
    then: () => {
      throw new RpcError("aborted", "No");
    },
  }));
  other.deliver(throwing);
  await turns();
  assert.deepEqual([throwing.result?.ok, other.running], [false, 0]);
});

Deno.test("Cell refuses what its mailbox has no room for", async () => {
  const { gates, handler } = gated();
  let rooms = 0;
  const mailbox = new FifoMailbox(roomFor(2), () => void rooms++);
  const cell = cellOf(handler, { concurrency: 1, mailbox });
  assert.deepEqual(["a", "b", "c", "d"].map((id) => cell.deliver(new FakeCall(id))), [
    true,
    true,
    true,
    false,
  ]);
  gates.get("a")?.resolve(1);
  await turns();
  assert.equal(rooms, 1);
  assert.ok(cell.deliver(new FakeCall("d")));
});

Deno.test("Cell takes the slot from a handler that ignores its signal, and drops what it answers later", async () => {
  const clock = new ManualClock();
  const { gates, handler } = gated();
  const cell = cellOf(handler, { clock, concurrency: 1 });
  const [deaf, next] = [new FakeCall("deaf"), new FakeCall("next")];
  cell.deliver(deaf);
  cell.deliver(next);
  clock.advance(60_000);
  assert.deepEqual([cell.running, cell.depth], [1, 1], "it may run for as long as nobody tells it to stop");
  deaf.controller.abort();
  clock.advance(29_000);
  assert.equal(cell.abandoned.node, undefined);
  clock.advance(3_000);
  assert.deepEqual(cell.abandoned.node, { count: 1, running: ["deaf"] });
  assert.deepEqual([[...gates.keys()], cell.running, cell.depth], [["deaf", "next"], 1, 0]);
  const { result } = deaf;
  assert.ok(result !== undefined && !result.ok && "dead" in result);
  assert.equal(result.dead.reason, "handler abandoned, it ignored its signal");
  gates.get("deaf")?.resolve("late");
  gates.get("next")?.resolve("in time");
  await turns();
  assert.deepEqual([deaf.results.length, next.result], [1, { ok: true, output: "in time" }]);
  assert.deepEqual([cell.abandoned.node, cell.abandoned.endedLate], [{ count: 1, running: [] }, 1]);
  clock.advance(5_000);
  assert.equal(clock.timers, 0);
});

Deno.test("Cell refuses a call that would wait for a call above it, and names the path", async () => {
  const { gates, handler } = gated();
  const cell = cellOf(handler, { concurrency: 1 });
  cell.deliver(new FakeCall("outer"));
  const nested = new FakeCall("nested");
  nested.chain = ["other.A/x", "test.Service/run", "bank.B/y"];
  assert.ok(cell.deliver(nested));
  const { result } = nested;
  assert.ok(result !== undefined && !result.ok);
  assert.deepEqual([result.error.code, result.ran], ["failed_precondition", "no"]);
  assert.match(result.error.message, /: test\.Service\/run -> bank\.B\/y -> test\.Service\/run$/);
  gates.get("outer")?.resolve(1);
  await turns();
  cell.deliver(nested);
  assert.ok(gates.has("nested"), "where nothing is at work it does not wait");
});

Deno.test("Cell runs a nested call of its own where a slot is free, and waits where not all slots are above it", () => {
  const { gates, handler } = gated();
  const cell = cellOf(handler);
  const nested = (id: string, chain: readonly string[]) => {
    const call = new FakeCall(id);
    call.chain = chain;
    return call;
  };
  cell.deliver(new FakeCall("outer"));
  cell.deliver(nested("inner", ["test.Service/run"]));
  assert.deepEqual([...gates.keys()], ["outer", "inner"]);
  const sibling = nested("sibling", ["test.Service/run"]);
  cell.deliver(sibling);
  assert.deepEqual([sibling.results, cell.depth], [[], 1], "one slot may be another caller's");
  const innermost = nested("innermost", ["test.Service/run", "test.Service/run"]);
  cell.deliver(innermost);
  assert.equal(innermost.result?.ok, false);
});

Deno.test("Cell lets the event loop come round between handlers that answer at once", async () => {
  let ran = 0;
  const first = createDeferred<void>();
  const host = { ...cellHost(new ManualClock()), turns: new Turns(10) };
  const cell = cellOf((input) => (ran++, input === 0 ? first.promise : input), { concurrency: 1, host });
  for (let index = 0; index < 100; index++) cell.deliver(new FakeCall(String(index), index));
  const seen: number[] = [];
  const look = () => {
    if (seen.push(ran) < 100 && ran < 100) setImmediate(look);
  };
  setImmediate(look);
  first.resolve();
  await until(() => ran === 100);
  assert.deepEqual(seen.slice(0, 4), [20, 40, 60, 80]);
});
