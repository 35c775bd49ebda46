import assert from "node:assert/strict";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { idempotent } from "../../helpers/actor_cells.ts";
import { cellOf } from "../../helpers/cells.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("Cell takes an RpcError for an answer, thrown or rejected, and runs the call once", async () => {
  const error = new RpcError("not_found", "No such account");
  let runs = 0;
  for (
    const handler of [() => (runs++, Promise.reject(error)), () => {
      runs++;
      throw error;
    }]
  ) {
    const call = idempotent("a");
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
    const call = idempotent("a");
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
  const call = idempotent("a");
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
  const call = idempotent("a");
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
  const clock = new ManualClock();
  for (
    const spoil of [
      (call: FakeCall) => call.deadlineMs = clock.now(),
      (call: FakeCall) => call.withdrawn = true,
    ]
  ) {
    const call = idempotent("a");
    let runs = 0;
    cellOf(() => {
      runs++;
      spoil(call);
      throw new Error("crash");
    }, { clock }).deliver(call);
    await turns();
    const { result } = call;
    assert.ok(result !== undefined && !result.ok && "dead" in result);
    assert.deepEqual([runs, result.dead], [
      1,
      { reason: "handler crashed, no time for another attempt", attempts: 1 },
    ]);
  }
});

Deno.test("Cell passes on that a handler asked to be run again later", () => {
  const call = idempotent("a");
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

Deno.test("Cell neither runs nor answers a crashed call whose queue was lost: its next owner decides", async () => {
  for (const call of [idempotent("a"), new FakeCall("a")]) {
    let runs = 0;
    const cell = cellOf(() => {
      runs++;
      call.lost = true;
      throw new Error("secret");
    });
    await recordLogs(() => void cell.deliver(call));
    assert.deepEqual([runs, call.results, call.dropped, cell.running], [1, [], 1, 0]);
  }
});
