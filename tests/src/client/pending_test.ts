import assert from "node:assert/strict";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import { type PendingCall, PendingCalls } from "../../../src/client/pending.ts";
import type { Reply } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly pending = new PendingCalls(this.wheel);
  /** What became of the calls, in order. */
  readonly ends: (readonly [string, ...unknown[]])[] = [];
  /** Whether a reply leaves the call waiting. */
  goingOn = false;

  add(id: string, timeoutMs = 100, signal?: AbortSignal): void {
    const call: PendingCall = {
      id,
      replied: (reply) => {
        this.ends.push([id, "replied", reply.ok]);
        return !this.goingOn;
      },
      timedOut: (error) => this.end(id, error, "timed out"),
      failed: (error) => this.end(id, error),
    };
    this.pending.add(call, timeoutMs, signal);
  }

  end(id: string, error: RpcError, ...how: readonly string[]): void {
    assert.equal(error.callId, id);
    this.ends.push([id, error.code, error.outcome, ...how]);
  }

  /** Nothing may be left behind by a call that is over. */
  clean(): void {
    assert.deepEqual([this.pending.size, this.wheel.size, this.clock.timers], [0, 0, 0]);
  }
}

function ok(id: string): Reply {
  return { id, ok: true, type: "", body: undefined };
}

function failed(id: string, outcome: "expired" | "rejected" | "replied"): Reply {
  return { id, ok: false, error: new RpcError("aborted", "No", { outcome, callId: id }), ran: "no" };
}

Deno.test("PendingCalls settles a call by its reply and forgets it", () => {
  const at = new Fixture();
  at.add("c1");
  assert.ok(at.pending.handOver("c1"));
  assert.ok(at.pending.reply(ok("c1")));
  assert.ok(!at.pending.handOver("c1"));
  assert.deepEqual(at.ends, [["c1", "replied", true]]);
  at.clean();
});

Deno.test("PendingCalls fails a call at its deadline with not_sent while nobody has had it", () => {
  const at = new Fixture();
  at.add("c1", 100);
  at.clock.advance(99);
  assert.deepEqual(at.ends, []);
  at.clock.advance(21);
  assert.deepEqual(at.ends, [["c1", "deadline_exceeded", "not_sent", "timed out"]]);
  at.clean();
});

Deno.test("PendingCalls fails a call after its grace with sent_unknown once it was handed over", () => {
  const at = new Fixture();
  at.add("c1", 100);
  at.pending.handOver("c1");
  at.clock.advance(299);
  assert.deepEqual(at.ends, []);
  at.clock.advance(41);
  assert.deepEqual(at.ends, [["c1", "deadline_exceeded", "sent_unknown", "timed out"]]);
  at.clean();
});

Deno.test("PendingCalls learns only the outcome from a reply within the grace", () => {
  const at = new Fixture();
  for (const id of ["c1", "c2", "c3", "c4"]) {
    at.add(id, 100);
    at.pending.handOver(id);
  }
  at.clock.advance(120);
  at.pending.reply(ok("c1"));
  at.pending.reply(failed("c2", "expired"));
  at.pending.reply(failed("c3", "rejected"));
  at.pending.reply(failed("c4", "replied"));
  assert.deepEqual(at.ends, [
    ["c1", "deadline_exceeded", "executed_reply_lost"],
    ["c2", "deadline_exceeded", "expired"],
    ["c3", "deadline_exceeded", "rejected"],
    ["c4", "deadline_exceeded", "replied"],
  ]);
  at.clean();
});

Deno.test("PendingCalls cancels a call by its signal, with the outcome known so far", () => {
  const at = new Fixture();
  const controller = new AbortController();
  at.add("c1", 100, controller.signal);
  at.add("c2", 100, controller.signal);
  at.pending.handOver("c2");
  controller.abort("enough");
  assert.deepEqual(at.ends, [["c1", "cancelled", "not_sent"], ["c2", "cancelled", "sent_unknown"]]);
  at.clean();
});

Deno.test("PendingCalls removes its abort listener on every way out", () => {
  const at = new Fixture();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  for (const id of ["c1", "c2", "c3", "c4"]) at.add(id, 100, signal);
  assert.equal(listeners, 4);
  at.pending.reply(ok("c1"));
  at.pending.fail("c2", new RpcError("unavailable", "No", { callId: "c2" }));
  at.clock.advance(200);
  assert.equal(listeners, 0);
  controller.abort();
  assert.equal(at.ends.length, 4);
  at.clean();
});

Deno.test("PendingCalls counts and drops replies that nobody waits for", () => {
  const at = new Fixture();
  at.add("c1");
  at.pending.reply(ok("c1"));
  assert.ok(!at.pending.reply(ok("c1")));
  assert.ok(!at.pending.reply(ok("stranger")));
  assert.equal(at.pending.lateReplies, 2);
  at.pending.fail("c1", new RpcError("unavailable", "No"));
  assert.equal(at.ends.length, 1);
});

Deno.test("PendingCalls cancelAll settles every call with what is known of it", () => {
  const at = new Fixture();
  at.add("c1");
  at.add("c2");
  at.pending.handOver("c1");
  at.pending.cancelAll("closing");
  assert.deepEqual(at.ends, [["c1", "cancelled", "sent_unknown"], ["c2", "cancelled", "not_sent"]]);
  at.clean();
});

Deno.test("PendingCalls empty resolves when the last call is over, or at once", async () => {
  const at = new Fixture();
  await at.pending.empty();
  at.add("c1");
  at.add("c2");
  let empty = 0;
  const waits = [at.pending.empty(), at.pending.empty()].map((wait) => wait.then(() => empty++));
  at.pending.reply(ok("c1"));
  await turns();
  assert.equal(empty, 0);
  at.pending.reply(ok("c2"));
  await Promise.all(waits);
  assert.equal(empty, 2);
});
