import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { Cell } from "../../../actors/cells/cell.ts";
import { KeyedOrder } from "../../../actors/cells/keyed_order.ts";
import { FifoMailbox } from "../../../actors/cells/mailbox.ts";
import { RunWatch } from "../../../actors/cells/run_watch.ts";
import { Turns } from "../../../actors/cells/turns.ts";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import type { AnyHandler, HandlerContext } from "../../../src/call/handler.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { cellHost } from "../../helpers/cell_host.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns, until } from "../../helpers/settled.ts";

const clock = new ManualClock();
const host = cellHost(clock);
const watch = new RunWatch(clock, 30_000);

function cellOf(handler: AnyHandler, concurrency = 2, maxCalls = 10_000, onRoom = () => {}): Cell {
  const mailbox = new FifoMailbox({ maxCalls, maxBytes: Infinity, budget: host.budget }, onRoom);
  return new Cell({ address: "test.Service/run", handler, concurrency, mailbox, host, watch });
}

/** A call of an idempotent method. */
function again(id: string): FakeCall {
  const call = new FakeCall(id);
  call.settings = method({ idempotent: true }).settings;
  return call;
}

/** A handler that waits for the test; `running` holds the inputs at work. */
function gated() {
  const gates = new Map<unknown, Deferred<unknown>>();
  const handler: AnyHandler = (input) => {
    const gate = createDeferred<unknown>();
    gates.set(input, gate);
    return gate.promise;
  };
  return { gates, handler };
}

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
  const call = new FakeCall("a");
  call.deadlineMs = clock.now() + 50;
  call.attempt = 2;
  cellOf((_, context) => void (seen = context)).deliver(call);
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
  const cell = cellOf((input) => (ran++, input === 0 ? first.promise : input), 1);
  const calls = Array.from({ length: 5_000 }, (_, index) => new FakeCall(String(index), index));
  for (const call of calls) cell.deliver(call);
  assert.equal(cell.depth, 4_999);
  first.resolve();
  await turns();
  assert.deepEqual([ran, cell.depth, cell.running], [5_000, 0, 0]);
});

Deno.test("Cell takes calls that are delivered while one is answered, on a flat stack", () => {
  let ran = 0;
  const cell = cellOf((input) => (ran++, input), 1);
  const deliver = (index: number) => {
    const call = new FakeCall(String(index), index);
    if (index < 5_000) call.onSettled = () => deliver(index + 1);
    cell.deliver(call);
  };
  deliver(1);
  assert.equal(ran, 5_000);
});

Deno.test("Cell takes an RpcError for an answer, thrown or rejected, and runs the call once", async () => {
  const error = new RpcError("not_found", "No such account");
  let runs = 0;
  for (
    const handler of [() => (runs++, Promise.reject(error)), () => {
      runs++;
      throw error;
    }]
  ) {
    const call = again("a");
    const cell = cellOf(handler);
    cell.deliver(call);
    await turns();
    assert.deepEqual(call.results, [{ ok: false, error, ran: "yes" }]);
    assert.deepEqual([cell.crashes, cell.running], [0, 0]);
  }
  assert.equal(runs, 2);
});

Deno.test("Cell runs a crashed call of an idempotent method again in place, up to the third attempt", async () => {
  for (const [first, attempts] of [[1, [1, 2, 3]], [2, [2, 3]], [3, [3]]] as const) {
    const seen: number[] = [];
    const call = again("a");
    call.attempt = first;
    const cell = cellOf((_, { attempt }) => {
      seen.push(attempt);
      throw new Error("secret");
    });
    const records = await recordLogs(() => void cell.deliver(call));
    assert.deepEqual(seen, attempts);
    assert.equal(cell.crashes, attempts.length);
    assert.deepEqual(eventsOf(records), attempts.map(() => EVENTS.callee.handlerCrashed));
    const { result } = call;
    assert.ok(result !== undefined && !result.ok && "dead" in result);
    assert.deepEqual(result.dead, { reason: "handler crashed, attempts spent", attempts: 3 });
    assert.deepEqual([result.error.code, result.ran], ["internal", "yes"]);
    assert.ok(!result.error.message.includes("secret"));
  }
});

Deno.test("Cell answers with the attempt that went well", async () => {
  const call = again("a");
  cellOf((_, { attempt }) => attempt < 3 ? Promise.reject(new Error("flaky")) : attempt).deliver(call);
  await turns();
  assert.deepEqual(call.results, [{ ok: true, output: 3 }]);
});

Deno.test("Cell runs a crashed call of another method never again", async () => {
  const call = new FakeCall("a");
  let runs = 0;
  const cell = cellOf(() => Promise.reject(new Error(String(runs++))));
  cell.deliver(call);
  await turns();
  const { result } = call;
  assert.ok(result !== undefined && !result.ok && "dead" in result);
  assert.deepEqual([runs, result.dead], [1, { reason: "handler crashed", attempts: 1 }]);
});

Deno.test("Cell makes no further attempt for a call that its caller cancelled, and says so", async () => {
  const call = again("a");
  let runs = 0;
  cellOf(() => {
    runs++;
    call.controller.abort(new RpcError("cancelled", "The caller cancelled the call"));
    throw new Error("crash");
  }).deliver(call);
  await turns();
  const { result } = call;
  assert.ok(result !== undefined && !result.ok && "dead" in result);
  assert.deepEqual([runs, result.dead], [
    1,
    { reason: "handler crashed, its caller cancelled it", attempts: 1 },
  ]);
});

Deno.test("Cell makes no further attempt for a call that expired or was withdrawn", async () => {
  for (
    const spoil of [
      (call: FakeCall) => call.deadlineMs = clock.now(),
      (call: FakeCall) => call.withdrawn = true,
    ]
  ) {
    const call = again("a");
    let runs = 0;
    cellOf(() => {
      runs++;
      spoil(call);
      throw new Error("crash");
    }).deliver(call);
    await turns();
    const { result } = call;
    assert.ok(result !== undefined && !result.ok && "dead" in result);
    assert.deepEqual([runs, result.dead], [
      1,
      { reason: "handler crashed, no time for another attempt", attempts: 1 },
    ]);
  }
});

Deno.test("Cell starts nothing that it may not claim, and goes on with the next", () => {
  const cell = cellOf((input) => input, 1);
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
    const cell = cellOf(() => assert.fail("ran"), 1);
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
  const cell = cellOf(() => twice, 1);
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
  const cell = cellOf(handler, 1, 2, () => void rooms++);
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

/** A cell for calls with keys. */
function keyedCell(handler: AnyHandler, concurrency = 8): Cell {
  const mailbox = new KeyedOrder({ maxCalls: 100, maxBytes: Infinity, budget: host.budget }, () => {});
  return new Cell({ address: "test.Service/run", handler, concurrency, mailbox, host, watch });
}

/** A call with a key, its id and its input being the same. */
function keyed(id: string, key: string): FakeCall {
  const call = again(id);
  call.key = key;
  return call;
}

Deno.test("Cell runs calls of different keys at once, and those of one key one at a time in order", async () => {
  const { gates, handler } = gated();
  const cell = keyedCell(handler);
  for (const id of ["a1", "a2", "b1", "a3"]) cell.deliver(keyed(id, id.slice(0, 1)));
  assert.deepEqual([[...gates.keys()], cell.depth], [["a1", "b1"], 2]);
  gates.get("a1")?.resolve(1);
  await turns();
  assert.deepEqual([...gates.keys()], ["a1", "b1", "a2"]);
  gates.get("a2")?.resolve(1);
  await turns();
  assert.deepEqual([[...gates.keys()], cell.running], [["a1", "b1", "a2", "a3"], 2]);
});

Deno.test("Cell holds a key while its crashed call is run again, and no other key", async () => {
  const ran: string[] = [];
  const gate = createDeferred<void>();
  const cell = keyedCell(async (input, { attempt }) => {
    ran.push(`${input} ${attempt}`);
    if (input === "a1") await gate.promise;
    if (input === "a1" && attempt === 1) throw new Error("crash");
  });
  for (const id of ["a1", "a2", "b1"]) cell.deliver(keyed(id, id.slice(0, 1)));
  await turns();
  assert.deepEqual(ran, ["a1 1", "b1 1"]);
  gate.resolve();
  await turns();
  assert.deepEqual([ran, cell.running, cell.depth], [["a1 1", "b1 1", "a1 2", "a2 1"], 0, 0]);
});

Deno.test("Cell passes on that a handler asked to be run again later", () => {
  const call = again("a");
  call.attempt = 2;
  cellOf((_, context) => {
    throw context.retryAfter(250);
  }).deliver(call);
  const { result } = call;
  assert.ok(result !== undefined && !result.ok && "again" in result);
  assert.deepEqual([result.again, result.ran, result.error.code], [
    { afterMs: 250, attempt: 2 },
    "yes",
    "unavailable",
  ]);
});

Deno.test("Cell takes the slot from a handler that ignores its signal, and drops what it answers later", async () => {
  const clock = new ManualClock();
  const { gates, handler } = gated();
  const mailbox = new FifoMailbox({ maxCalls: 10, maxBytes: Infinity, budget: host.budget }, () => {});
  const cell = new Cell({
    address: "test.Service/run",
    handler,
    concurrency: 1,
    mailbox,
    host: cellHost(clock),
    watch: new RunWatch(clock, 30_000),
  });
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
  const cell = cellOf(handler, 1);
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
  const cell = cellOf(handler, 2);
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

Deno.test("Cell refuses a nested call of a key that is at work above it, and only of that key", () => {
  const { gates, handler } = gated();
  const cell = keyedCell(handler);
  cell.deliver(keyed("outer", "a"));
  const [same, other] = [keyed("same", "a"), keyed("other", "b")];
  const [behindOther, own] = [keyed("behind", "b"), "test.Service/run@a"];
  for (const call of [same, other, behindOther]) {
    Object.assign(call, { chain: [own] });
    cell.deliver(call);
  }
  assert.deepEqual([same.result?.ok, gates.has("other"), behindOther.results], [false, true, []]);
});

Deno.test("Cell lets the event loop come round between handlers that answer at once", async () => {
  let ran = 0;
  const first = createDeferred<void>();
  const mailbox = new FifoMailbox({ maxCalls: 10_000, maxBytes: Infinity, budget: host.budget }, () => {});
  const cell = new Cell({
    address: "test.Service/run",
    handler: (input) => (ran++, input === 0 ? first.promise : input),
    concurrency: 1,
    mailbox,
    host: { ...host, turns: new Turns(10) },
    watch,
  });
  for (let index = 0; index < 100; index++) cell.deliver(new FakeCall(String(index), index));
  const seen: number[] = [];
  const look = () => {
    if (seen.push(ran) < 100 && ran < 100) setImmediate(look);
  };
  setImmediate(look);
  first.resolve();
  await until(() => ran === 100);
  assert.deepEqual(seen.slice(0, 5), [10, 20, 30, 40, 50]);
});
