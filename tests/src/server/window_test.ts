import assert from "node:assert/strict";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { DuplicateWindow } from "../../../src/server/window.ts";
import type { Reply } from "../../../src/envelope/reply.ts";
import { replyBody } from "../../../src/envelope/reply.ts";
import { SPAN_LIMIT, WINDOW_AGE_MS } from "../../../src/server/defaults.ts";
import { heapUsed } from "../../helpers/heap.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

function ok(id: string, bytes = 1): Reply {
  return { id, ok: true, type: "", body: new Uint8Array(bytes) };
}

function answer(window: DuplicateWindow, reply: Reply): void {
  window.age();
  window.enter(reply.id).answered(reply);
}

Deno.test("DuplicateWindow knows nothing of an id that it has not seen", () => {
  assert.equal(new DuplicateWindow(new ManualClock()).seen("c1"), undefined);
});

Deno.test("DuplicateWindow lets duplicates join the call that runs, and tells them all its reply", () => {
  const window = new DuplicateWindow(new ManualClock());
  const first = window.enter("c1");
  const told: (Reply | undefined)[] = [];
  for (let count = 0; count < 2; count++) window.seen("c1")?.join((reply) => told.push(reply));
  assert.deepEqual(told, []);
  const reply = ok("c1");
  first.answered(reply);
  assert.deepEqual(told, [reply, reply]);
});

Deno.test("DuplicateWindow gives the reply of an answered call again", () => {
  const window = new DuplicateWindow(new ManualClock());
  const reply = ok("c1");
  answer(window, reply);
  const told: (Reply | undefined)[] = [];
  window.seen("c1")?.join((again) => told.push(again));
  assert.deepEqual(told, [reply]);
});

Deno.test("DuplicateWindow tells those who joined a call that another queue answers it, and forgets it", () => {
  const window = new DuplicateWindow(new ManualClock());
  const first = window.enter("c1");
  const told: (Reply | undefined)[] = [];
  first.join((reply) => told.push(reply));
  window.forget("c1");
  first.sentOn();
  assert.deepEqual([told, window.seen("c1"), window.size], [[undefined], undefined, 0]);
});

Deno.test("DuplicateWindow tells those who joined a stream that it has begun, or is over without having begun", () => {
  const window = new DuplicateWindow(new ManualClock());
  const told: string[] = [];
  for (const [id, step] of [["c1", "streaming"], ["c2", "streamed"]] as const) {
    const seen = window.enter(id);
    const join = (): void => seen.join((reply) => told.push(`${id} ${reply}`));
    join();
    seen[step]();
    join();
  }
  assert.deepEqual(told, ["c1 undefined", "c1 undefined", "c2 undefined", "c2 undefined"]);
});

Deno.test("DuplicateWindow keeps nothing of a call but its reply once it is answered", () => {
  const first = new DuplicateWindow(new ManualClock()).enter("c1");
  first.call = { cancel: () => true, facts: { request: { replyTo: "fake:caller" } } };
  first.answered(ok("c1"));
  assert.equal(first.call, undefined);
});

Deno.test("DuplicateWindow remembers as many calls as a queue may have unsettled, and at most an eighth more", () => {
  const window = new DuplicateWindow(new ManualClock());
  for (let index = 0; index < 50_000; index++) {
    answer(window, ok(`c${String(index).padStart(5, "0")}`));
    assert.ok(window.size <= 1.125 * SPAN_LIMIT);
    const oldest = index - SPAN_LIMIT + 1;
    if (oldest >= 0) assert.ok(window.seen(`c${String(oldest).padStart(5, "0")}`) !== undefined);
  }
  assert.equal(window.seen("c20000"), undefined);
});

Deno.test("DuplicateWindow keeps at most 16 MiB of replies, and of the others that they were", () => {
  const window = new DuplicateWindow(new ManualClock());
  const bytes = 3 * 1024 * 1024;
  for (let index = 10; index < 30; index++) {
    answer(window, ok(`c${index}`, bytes));
    let kept = 0;
    for (let seen = 10; seen <= index; seen++) {
      const reply = window.seen(`c${seen}`)?.reply;
      assert.ok(reply !== undefined);
      kept += replyBody(reply)?.length ?? 0;
      if (!reply.ok) {
        assert.deepEqual([reply.id, reply.error.outcome, reply.ran], [
          `c${seen}`,
          "executed_reply_lost",
          "lost",
        ]);
      }
    }
    assert.ok(kept <= 16 * 1024 * 1024);
    if (index === 10) assert.ok(kept > 0);
  }
});

Deno.test("DuplicateWindow drops the oldest replies first where they take too much", () => {
  const clock = new ManualClock();
  const window = new DuplicateWindow(clock);
  const bytes = 6 * 1024 * 1024;
  answer(window, ok("c1", bytes));
  clock.advance(WINDOW_AGE_MS / 2);
  answer(window, ok("c2", bytes));
  const kept = () => ["c1", "c2", "c3"].map((id) => window.seen(id)?.reply?.ok);
  assert.deepEqual(kept(), [true, true, undefined]);
  answer(window, ok("c3", bytes));
  assert.deepEqual(kept(), [false, true, true]);
});

Deno.test("DuplicateWindow lets those who joined go their own way when the first is stored in its queue again", () => {
  const window = new DuplicateWindow(new ManualClock());
  const first = window.enter("c1");
  const told: string[] = [];
  first.join((reply) => told.push(`ended ${reply}`), () => told.push("moved"));
  first.join((reply) => told.push(`ended ${reply}`));
  first.moved();
  first.moved();
  assert.deepEqual(told, ["moved", "ended undefined"]);
});

Deno.test("DuplicateWindow forgets within ten minutes of further calls, and never a call that runs", () => {
  const clock = new ManualClock();
  const window = new DuplicateWindow(clock);
  answer(window, ok("old"));
  window.enter("running");
  clock.advance(299_000);
  answer(window, ok("c1"));
  assert.ok(window.seen("old") !== undefined);
  clock.advance(300_000);
  answer(window, ok("c2"));
  clock.advance(300_000);
  answer(window, ok("c3"));
  assert.equal(window.seen("old"), undefined);
  assert.ok(window.seen("running") !== undefined);
  assert.equal(window.seen("running")?.reply, undefined);
});

Deno.test("DuplicateWindow keeps any number of calls that run, without looking at them for each that comes", () => {
  const window = new DuplicateWindow(new ManualClock());
  const running = 2 * SPAN_LIMIT;
  for (let index = 0; index < running; index++) window.enter(`a${index}`);
  let looks = 0;
  for (let index = 0; index < running; index++) {
    const first = window.seen("a0");
    assert.ok(first !== undefined);
    answer(window, ok(`b${index}`));
    Object.defineProperty(first, "reply", { configurable: true, get: () => void looks++ });
  }
  assert.ok(looks < 10, `${looks} looks`);
  assert.ok(window.seen(`a${running - 1}`) !== undefined);
});

/** What throws: as a call does whose time is up. */
class Thrower {
  readonly body = new Uint8Array(1_000);

  fail(): RpcError {
    return new RpcError("not_found", "No such account");
  }
}

Deno.test("DuplicateWindow keeps an error alone, and nothing that it was thrown through", async () => {
  const window = new DuplicateWindow(new ManualClock());
  const throwers: WeakRef<Thrower>[] = [];
  const answer = (id: string) => {
    const thrower = new Thrower();
    throwers.push(new WeakRef(thrower));
    window.enter(id).answered({ id, ok: false, error: thrower.fail(), ran: "yes" });
  };
  for (let index = 0; index < 10; index++) answer(`c${index}`);
  // What was weakly held is let go when the turn is over.
  await turns();
  heapUsed();
  assert.equal(throwers.filter((thrower) => thrower.deref() !== undefined).length, 0);
  const reply = window.seen("c3")?.reply;
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.message, reply.ran], [
    "not_found",
    "No such account",
    "yes",
  ]);
});
