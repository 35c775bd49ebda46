import assert from "node:assert/strict";
import { Backlog } from "../../../src/server/backlog.ts";
import type { CallFacts } from "../../../src/server/call_facts.ts";
import { type CallOwner, ReceivedCall } from "../../../src/server/received_call.ts";
import { DuplicateWindow } from "../../../src/server/window.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { contract } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly mailbox: ReceivedCall[] = [];
  room = Infinity;
  open = true;
  pumped = 0;
  /** The method whose mailbox takes nothing. */
  full: string | undefined;
  onDelivered: (call: ReceivedCall) => void = () => {};
  readonly backlog = new Backlog(
    (call) => {
      // Only calls of this test are in it.
      if (this.mailbox.length >= this.room || call.method === this.full || !(call instanceof ReceivedCall)) {
        return false;
      }
      this.mailbox.push(call);
      this.onDelivered(call);
      return true;
    },
    () => this.open,
    () => this.pumped++,
  );

  call(id: string, key?: string, method: "run" | "again" = "run"): ReceivedCall {
    const request = requestOf(id);
    const facts: CallFacts = {
      request,
      method,
      settings: contract.methods[method].settings,
      input: id,
      key,
      delivery: new FakeDelivery(messageOf(request)),
      deadlineMs: Infinity,
      attempt: 1,
      plain: undefined,
      index: 0,
    };
    const owner: CallOwner = {
      nowMs: () => 0,
      held: () => true,
      after: () => ({ cancel: () => {} }),
      conclude: () => {},
      mayStart: (call) => this.backlog.mayStart(call),
    };
    return new ReceivedCall(facts, new DuplicateWindow(new ManualClock()).enter(id), owner);
  }

  add(id: string, key?: string, method: "run" | "again" = "run"): ReceivedCall {
    const call = this.call(id, key, method);
    this.backlog.add(call);
    return call;
  }

  get ids(): readonly string[] {
    return this.mailbox.map(({ id }) => id);
  }
}

Deno.test("Backlog hands calls on in order, as long as there is room and it is open", () => {
  const at = new Fixture();
  for (const id of ["c1", "c2", "c3"]) at.add(id);
  at.room = 2;
  at.backlog.pump();
  assert.deepEqual([at.ids, at.backlog.empty, at.pumped], [["c1", "c2"], false, 1]);
  at.open = false;
  at.room = 9;
  at.backlog.pump();
  assert.deepEqual(at.ids, ["c1", "c2"]);
  at.open = true;
  at.backlog.pump();
  assert.deepEqual([at.ids, at.backlog.empty], [["c1", "c2", "c3"], true]);
});

Deno.test("Backlog waits for a call that is looked into, and passes over one that was let go", () => {
  const at = new Fixture();
  const [first, second] = [at.add("c1"), at.add("c2")];
  at.add("c3");
  first.ready = false;
  second.letGo();
  at.backlog.pump();
  assert.deepEqual(at.ids, []);
  first.ready = true;
  at.backlog.pump();
  assert.deepEqual(at.ids, ["c1", "c3"]);
});

Deno.test("Backlog gives the whole partition to a call that must run alone, also when it comes back", () => {
  const at = new Fixture();
  const first = at.add("c1");
  const alone = at.add("c2");
  alone.alone = true;
  at.add("c3");
  at.backlog.pump();
  assert.deepEqual(at.ids, ["c1"]);
  at.backlog.ended(first);
  assert.deepEqual(at.ids, ["c1", "c2"]);
  // It waits for work that another call does, or for the store: alone.
  at.backlog.hold(alone);
  assert.deepEqual(at.ids, ["c1", "c2"]);
  at.backlog.release(alone);
  assert.deepEqual(at.ids, ["c1", "c2", "c2"]);
  at.backlog.hold(alone);
  at.backlog.ended(alone);
  assert.deepEqual(at.ids, ["c1", "c2", "c2", "c3"]);
});

Deno.test("Backlog starts what must run alone behind those that stand in line before it, also when these have not started", () => {
  const at = new Fixture();
  const [first, second, alone] = [at.add("c1", "k"), at.add("c2", "k"), at.add("c3")];
  alone.alone = true;
  at.backlog.pump();
  assert.ok(first.claim());
  at.backlog.hold(first);
  assert.equal(second.claim(), false);
  at.backlog.pump();
  assert.deepEqual(at.ids, ["c1", "c2"]);
  at.backlog.release(first);
  assert.deepEqual(at.ids, ["c1", "c2", "c1", "c2"]);
  assert.ok(first.claim() && second.claim());
  for (const call of [first, second]) at.backlog.ended(call);
  assert.deepEqual(at.ids, ["c1", "c2", "c1", "c2", "c3"]);
});

Deno.test("Backlog hands on those that come back first, and others when there is no room for these", () => {
  const at = new Fixture();
  const first = at.add("c1");
  at.backlog.pump();
  at.backlog.hold(first);
  at.add("c2");
  at.backlog.release(first);
  assert.deepEqual(at.ids, ["c1", "c1", "c2"]);
});

Deno.test("Backlog makes later calls of a key wait for the one that waits, though they are in the mailbox already", async () => {
  const at = new Fixture();
  const [first, second, other] = [at.add("c1", "k"), at.add("c2", "k"), at.add("c3", "o")];
  at.backlog.pump();
  assert.ok(first.claim());
  at.backlog.hold(first);
  assert.deepEqual([second.claim(), other.claim()], [false, true]);
  at.backlog.release(first);
  assert.deepEqual(at.ids, ["c1", "c2", "c3", "c1", "c2"]);
  assert.deepEqual([second.claim(), first.claim()], [false, true]);
  await turns(1);
  assert.deepEqual(at.ids.slice(-1), ["c2"]);
  assert.ok(second.claim());
});

Deno.test("Backlog loses no call that is claimed out of turn just as it is handed on", async () => {
  const at = new Fixture();
  const [first, second] = [at.add("c1", "k"), at.add("c2", "k")];
  at.backlog.pump();
  assert.ok(first.claim());
  at.backlog.hold(first);
  assert.equal(second.claim(), false);
  at.onDelivered = (call) => {
    if (call !== second) return;
    at.onDelivered = () => {};
    assert.equal(call.claim(), false);
  };
  at.backlog.release(first);
  assert.ok(first.claim());
  await turns(1);
  assert.deepEqual(at.ids, ["c1", "c2", "c1", "c2", "c2"]);
  assert.ok(second.claim());
});

Deno.test("Backlog hands those back whose mailbox has room, also behind others whose mailbox is full", () => {
  const at = new Fixture();
  const calls = [at.add("c1"), at.add("c2"), at.add("c3", undefined, "again")];
  at.backlog.pump();
  for (const call of calls) at.backlog.hold(call);
  // What fills it may wait until the others have started.
  at.full = "run";
  for (const call of calls) at.backlog.release(call);
  assert.deepEqual(at.ids, ["c1", "c2", "c3", "c3"]);
  at.full = undefined;
  at.backlog.pump();
  assert.deepEqual(at.ids.slice(4), ["c1", "c2"]);
});
