import assert from "node:assert/strict";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { Reply } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { isFinal, Once, type Opening, type WorkFacts } from "../../../src/server/once.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import type { Begun, Claim, OutcomeStore } from "../../../src/store/outcome_store.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly store = new MemoryStore({ clock: this.clock });
  readonly once = this.open();

  open(store: OutcomeStore = this.store): Once {
    return new Once(store, "bank.Payments", this.wheel);
  }
}

function facts(id: string, changes: Parameters<typeof requestOf>[1] = {}, idempotent = false): WorkFacts {
  return { request: requestOf(id, changes), method: "transfer", settings: { safe: false, idempotent } };
}

function claimOf(opening: Opening): Claim {
  assert.equal(opening.kind, "begun");
  return opening.claim;
}

/** A store of which the test replaces what it wants. */
function broken(changes: Partial<OutcomeStore>): OutcomeStore {
  const fail = () => Promise.reject(new Error("disk full"));
  return { find: fail, begin: fail, renew: fail, finish: fail, release: fail, ...changes };
}

const OK: Reply = { id: "c1", ok: true, type: "application/json", body: Uint8Array.of(49) };

Deno.test("Once lets a call run once, and answers its duplicates with what was remembered", async () => {
  const { once } = new Fixture();
  const claim = claimOf(await once.begin(facts("c1")));
  assert.equal((await once.begin(facts("c1"))).kind, "elsewhere");
  await once.finish(claim, OK);
  assert.deepEqual(await once.begin(facts("c1")), { kind: "answered", reply: OK });
  assert.deepEqual(await once.look(facts("c1")), { kind: "answered", reply: OK });
  assert.deepEqual(once.counts, { answered: 2, conflicts: 0, failed: 0, fenced: 0 });
});

Deno.test("Once knows work by the caller's key, else by the call's id, and answers under the asker's id", async () => {
  const { once } = new Fixture();
  const idempotencyKey = "order-7";
  const body = new TextEncoder().encode("1");
  await once.finish(claimOf(await once.begin(facts("c1", { idempotencyKey, body }))), OK);
  const again = await once.begin(facts("c2", { idempotencyKey, body }));
  assert.deepEqual(again, { kind: "answered", reply: { ...OK, id: "c2" } });
  assert.equal((await once.begin(facts("c2", { body }))).kind, "begun");
  const other = await once.begin({ ...facts("c3", { idempotencyKey, body }), method: "refund" });
  assert.equal(other.kind, "begun");
});

Deno.test("Once remembers every kind of answer", async () => {
  const { once } = new Fixture();
  const error = new RpcError("not_found", "Kein Konto „ä“", { callId: "c" });
  const details = { name: "Short", type: "application/json", body: Uint8Array.of(50) };
  const replies: readonly Reply[] = [
    OK,
    { id: "c", ok: true, type: "application/json", body: undefined },
    { id: "c", ok: false, error, ran: "yes" },
    { id: "c", ok: false, error, ran: "yes", declared: details },
    { id: "c", ok: false, error, ran: "lost" },
  ];
  for (const [index, reply] of replies.entries()) {
    const work = facts(`c${index}`);
    await once.finish(claimOf(await once.begin(work)), reply);
    const again = await once.begin(work);
    assert.equal(again.kind, "answered");
    if (reply.ok || again.reply.ok) assert.deepEqual(again.reply, { ...reply, id: `c${index}` });
    else {
      assert.deepEqual([again.reply.id, again.reply.ran, again.reply.declared], [
        `c${index}`,
        reply.ran,
        reply.declared,
      ]);
      assert.deepEqual([again.reply.error.code, again.reply.error.message], [error.code, error.message]);
    }
  }
});

Deno.test("Once refuses another input, or another type of it, under the same key", async () => {
  const { once } = new Fixture();
  const idempotencyKey = "order-7";
  claimOf(await once.begin(facts("c1", { idempotencyKey })));
  for (const changes of [{ body: Uint8Array.of(1) }, { body: undefined }, { type: "application/msgpack" }]) {
    const same = { idempotencyKey, body: requestOf("c1").body, ...changes };
    const refused = await once.begin(facts("c2", same));
    assert.equal(refused.kind, "refused");
    assert.deepEqual([refused.error.code, refused.error.outcome], ["failed_precondition", "rejected"]);
  }
  assert.equal(once.counts.conflicts, 3);
});

Deno.test("Once takes over what may be done again, and nothing else", async () => {
  const at = new Fixture();
  for (const idempotent of [false, true]) {
    const work = facts(`c${idempotent}`, {}, idempotent);
    claimOf(await at.open().begin(work));
  }
  at.wheel.close();
  at.clock.advance(5_000);
  const later = new Once(at.store, "bank.Payments", new TimerWheel(at.clock));
  assert.deepEqual(await later.begin(facts("cfalse")), { kind: "may have run" });
  assert.deepEqual(await later.look(facts("cfalse")), { kind: "may have run" });
  assert.equal((await later.begin(facts("ctrue", {}, true))).kind, "begun");
  later.close();
});

Deno.test("Once renews the leases of what runs, for as long as it runs", async () => {
  const at = new Fixture();
  const [long, short] = [facts("c1"), facts("c2")];
  const claim = claimOf(await at.once.begin(long));
  await at.once.finish(claimOf(await at.once.begin(short)), OK);
  for (let turn = 0; turn < 20; turn++) {
    at.clock.advance(1_700);
    await turns(1);
    assert.equal((await at.open().begin(long)).kind, "elsewhere");
  }
  await at.once.finish(claim, OK);
  at.clock.advance(5_000);
  assert.equal(at.clock.timers, 0);
});

Deno.test("Once lets released work be begun at once, and forgets its lease", async () => {
  const at = new Fixture();
  const work = facts("c1");
  await at.once.release(claimOf(await at.once.begin(work)));
  claimOf(await at.open().begin(work));
  at.once.close();
});

Deno.test("Once says that a store cannot be asked, and counts it", async () => {
  const at = new Fixture();
  const once = at.open(broken({}));
  const records = await recordLogs(async () => {
    const opening = await once.begin(facts("c1"));
    assert.equal(opening.kind, "unavailable");
    assert.deepEqual([opening.error.code, opening.error.outcome], ["unavailable", "rejected"]);
    assert.equal(await once.look(facts("c1")), undefined);
  });
  assert.deepEqual(eventsOf(records), [EVENTS.callee.storeFailed, EVENTS.callee.storeFailed]);
  assert.equal(once.counts.failed, 2);
  assert.equal(at.clock.timers, 0);
});

Deno.test("Once waits two seconds for a store, and gives back what it begins later", async () => {
  const at = new Fixture();
  const late = createDeferred<Begun>();
  const once = at.open({
    ...broken({}),
    begin: () => late.promise,
    release: (claim) => at.store.release(claim),
  });
  const asked = once.begin(facts("c1"));
  at.clock.advance(2_010);
  assert.equal((await asked).kind, "unavailable");
  const begun = await at.store.begin(
    { contract: "c", method: "m", key: "k", digest: "" },
    { leaseMs: 5_000, takeOver: false },
  );
  assert.equal(begun.kind, "begun");
  late.resolve(begun);
  await turns();
  assert.equal(at.store.size, 0);
});

Deno.test("Once goes on when an outcome cannot be remembered, and counts it", async () => {
  const at = new Fixture();
  const begin: OutcomeStore["begin"] = (work, options) => at.store.begin(work, options);
  const failing = at.open(broken({ begin }));
  const fenced = at.open(broken({ begin, finish: () => Promise.resolve(false) }));
  const renew = () => Promise.resolve();
  const silent = at.open(broken({ begin, renew, finish: () => new Promise(() => {}) }));
  const records = await recordLogs(async () => {
    await failing.finish(claimOf(await failing.begin(facts("c1"))), OK);
    await fenced.finish(claimOf(await fenced.begin(facts("c2"))), OK);
    const finished = silent.finish(claimOf(await silent.begin(facts("c3"))), OK);
    at.clock.advance(2_010);
    await finished;
  });
  assert.deepEqual(eventsOf(records), [EVENTS.callee.outcomeForgotten, EVENTS.callee.outcomeForgotten]);
  assert.deepEqual([failing.counts.failed, fenced.counts.fenced, silent.counts.failed], [1, 1, 1]);
});

Deno.test("Once refuses an outcome that is none", async () => {
  const at = new Fixture();
  const found = { kind: "finished", outcome: Uint8Array.of(1, 2, 3) } as const;
  const once = at.open(broken({ begin: () => Promise.resolve(found) }));
  assert.equal((await once.begin(facts("c1"))).kind, "unavailable");
});

Deno.test("isFinal tells last words from those of a handler that was cut short", () => {
  const error = new RpcError("aborted", "x");
  const dead = { reason: "handler crashed", attempts: 3 };
  const again = { afterMs: 0, attempt: 1 };
  const rows = [
    [{ ok: true, output: 1 }, true, true, true],
    [{ ok: false, error, ran: "yes" }, true, false, true],
    [{ ok: false, error, ran: "yes" }, true, true, false],
    [{ ok: false, error, ran: "yes" }, false, true, true],
    [{ ok: false, error, ran: "lost" }, true, true, true],
    [{ ok: false, error, ran: "yes", dead }, true, false, true],
    [{ ok: false, error, ran: "yes", again }, false, false, false],
    [{ ok: false, error, ran: "no" }, false, false, false],
    [{ ok: false, error, ran: "maybe" }, false, false, false],
  ] as const;
  for (const [result, idempotent, aborted, final] of rows) {
    assert.equal(isFinal(result, idempotent, aborted), final, JSON.stringify([result, idempotent, aborted]));
  }
});
