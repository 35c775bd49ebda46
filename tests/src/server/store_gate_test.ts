import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { InboundCall, Result } from "../../../src/call/inbound.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../../src/store/memory_store.ts";
import type { OutcomeStore, Work } from "../../../src/store/outcome_store.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const Service = defineService("test.Service", {
  run: method<string, string>(),
  again: method<string, string>({ idempotent: true }),
  look: method<string, string>({ safe: true }),
  note: method.oneway<string>(),
});
const FAILED: Result = { ok: false, error: new RpcError("not_found", "No such account"), ran: "yes" };

/** A store whose answers the test may replace, and what it was asked. */
class TestStore implements OutcomeStore {
  readonly clock = new ManualClock();
  readonly memory = new MemoryStore({ clock: this.clock });
  readonly asked: string[] = [];
  readonly works: Work[] = [];
  down = false;
  onFinish: () => Promise<void> = () => Promise.resolve();

  find: OutcomeStore["find"] = (work) => this.#ask("find", () => this.memory.find(work));
  begin: OutcomeStore["begin"] = (work, options) => {
    this.works.push(work);
    return this.#ask("begin", () => this.memory.begin(work, options));
  };
  renew: OutcomeStore["renew"] = (claims, leaseMs) =>
    this.#ask("renew", () => this.memory.renew(claims, leaseMs));
  release: OutcomeStore["release"] = (claim) => this.#ask("release", () => this.memory.release(claim));
  finish: OutcomeStore["finish"] = (claim, outcome) =>
    this.#ask("finish", async () => {
      await this.onFinish();
      return await this.memory.finish(claim, outcome);
    });

  #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    this.asked.push(what);
    return this.down ? Promise.reject(new Error("disk full")) : ask();
  }
}

/** One instance over a store, with a mailbox that the test takes from as a cell does. */
class Fixture extends ServiceFixture {
  #offset = 0;

  constructor(store: TestStore) {
    super(Service, { store });
  }

  receive(id: string, tag = "run", changes: Partial<Request> = {}, starts = 0): FakeDelivery {
    const request = requestOf(id, { timeoutMs: 60_000, ...changes });
    const offset = this.#offset++;
    const delivery = new FakeDelivery(messageOf(request, tag), {
      offset,
      starts,
      storedAtMs: this.clock.now(),
    });
    this.intake.deliver(delivery);
    return delivery;
  }

  /** Takes every call and runs it, if it may start. Gives those that ran. */
  async take(
    end: (call: InboundCall) => Result = () => ({ ok: true, output: "done" }),
  ): Promise<readonly string[]> {
    const ran: string[] = [];
    await turns();
    for (const call of this.mailbox.splice(0)) {
      if (!call.claim()) continue;
      try {
        await call.started();
      } catch {
        continue;
      }
      if (call.withdrawn) continue;
      ran.push(`${call.id}#${call.attempt}`);
      call.settle(end(call));
    }
    await turns();
    return ran;
  }
}

Deno.test("StoreGate runs work once, whoever asks for it again, and remembers before it replies", async () => {
  const store = new TestStore();
  const [first, second] = [new Fixture(store), new Fixture(store)];
  const finish = createDeferred<void>();
  store.onFinish = () => finish.promise;
  const changes = { idempotencyKey: "order-7", body: new TextEncoder().encode('"x"') };
  const message = first.receive("c1", "run", changes);
  assert.deepEqual(await first.take(), ["c1#1"]);
  assert.deepEqual([first.answers, message.acks], [[], 0]);
  finish.resolve();
  await turns();
  assert.deepEqual([first.answers, message.acks], [["ok"], 1]);
  const other = second.receive("c2", "run", changes);
  assert.deepEqual(await second.take(), []);
  assert.deepEqual([second.answers, other.acks, second.replies[0]?.id], [["ok"], 1, "c2"]);
  assert.deepEqual(second.shared.once?.counts.answered, 1);
});

Deno.test("StoreGate asks nothing about safe methods", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  at.receive("c1", "look");
  at.receive("c2", "look", {}, 1);
  assert.deepEqual(await at.take(), ["c1#1", "c2#2"]);
  assert.deepEqual(store.asked, []);
});

Deno.test("StoreGate refuses a key that was used for another input", async () => {
  const at = new Fixture(new TestStore());
  at.receive("c1", "again", { idempotencyKey: "k" });
  await at.take();
  const other = at.receive("c2", "again", { idempotencyKey: "k" });
  assert.deepEqual(await at.take(), []);
  assert.deepEqual([at.answers.at(-1), other.acks], ["failed_precondition/rejected", 1]);
});

Deno.test("StoreGate lets a call wait for work that another one does, and answers it with the same", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  const changes = { idempotencyKey: "k", body: new TextEncoder().encode('"x"') };
  at.receive("c1", "run", changes);
  const [first] = at.mailbox.splice(0);
  assert.ok(first !== undefined && first.claim());
  await first.started();
  const waits = at.receive("c2", "run", changes);
  assert.deepEqual(await at.take(), []);
  for (let look = 0; look < 5; look++) {
    at.clock.advance(600);
    assert.deepEqual(await at.take(), []);
  }
  assert.deepEqual([waits.acks, at.answers], [0, []]);
  first.settle(FAILED);
  await turns();
  at.clock.advance(600);
  await at.take();
  assert.deepEqual([at.answers, waits.acks], [["not_found/replied", "not_found/replied"], 1]);
});

Deno.test("StoreGate gives up waiting at the deadline, and does not claim that nothing ran", async () => {
  const at = new Fixture(new TestStore());
  at.receive("c1", "run", { idempotencyKey: "k", body: undefined });
  const [first] = at.mailbox.splice(0);
  assert.ok(first !== undefined && first.claim());
  await first.started();
  at.receive("c2", "run", { idempotencyKey: "k", body: undefined, timeoutMs: 1_000 });
  for (let look = 0; look < 4; look++) {
    await at.take();
    at.clock.advance(500);
  }
  await at.take();
  assert.deepEqual([at.answers, at.deadLetters], [["deadline_exceeded/sent_unknown"], []]);
});

Deno.test("StoreGate asks the store about a suspect before anything else", async () => {
  const store = new TestStore();
  const first = new Fixture(store);
  first.receive("c1");
  await first.take(() => FAILED);
  const second = new Fixture(store);
  second.transport.onStoredReplies = () => assert.fail("the broker was asked");
  const suspect = second.receive("c1", "run", {}, 1);
  assert.deepEqual(await second.take(), []);
  assert.deepEqual([second.answers, suspect.acks, second.deadLetters], [["not_found/replied"], 1, []]);
});

Deno.test("StoreGate never runs what began elsewhere and must not run twice: once its lease has ended it is dead", async () => {
  const store = new TestStore();
  const dead = new Fixture(store);
  dead.receive("c1", "run", { idempotencyKey: "k" });
  const [begun] = dead.mailbox;
  assert.ok(begun !== undefined && begun.claim());
  await begun.started();
  dead.wheel.close();
  const at = new Fixture(store);
  // Another call of the same key, and the same call, by the marks of the dead instance.
  for (const [id, starts] of [["c2", 0], ["c1", 1]] as const) {
    at.receive(id, "run", { idempotencyKey: "k", body: requestOf("c1").body }, starts);
  }
  assert.deepEqual(await at.take(), []);
  store.clock.advance(5_000);
  at.clock.advance(600);
  assert.deepEqual(await at.take(), []);
  assert.deepEqual(at.answers, ["internal/sent_unknown", "internal/sent_unknown"]);
  assert.deepEqual(at.deadLetters, ["may have run; attempts: 1", "may have run; attempts: 1"]);
});

Deno.test("StoreGate answers unavailable where the store cannot be asked, and runs nothing", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  store.down = true;
  const message = at.receive("c1");
  assert.deepEqual(await at.take(), []);
  assert.deepEqual([at.answers, message.acks, at.deadLetters], [["unavailable/rejected"], 1, []]);
  // Its caller may try again under the same id.
  store.down = false;
  at.receive("c1", "run", { attempt: 2 });
  assert.deepEqual(await at.take(), ["c1#2"]);
});

Deno.test("StoreGate lets one-way calls wait for a store that cannot be asked", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  store.down = true;
  const changes = { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" } as const;
  const message = at.receive("c1", "note", changes);
  for (let look = 0; look < 10; look++) {
    assert.deepEqual(await at.take(), []);
    at.clock.advance(600);
  }
  assert.equal(message.acks, 0);
  store.down = false;
  assert.deepEqual(await at.take(), ["c1#1"]);
  assert.deepEqual([message.acks, at.deadLetters], [1, []]);
});

Deno.test("StoreGate replies though an outcome cannot be remembered, and counts it", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  store.onFinish = () => Promise.reject(new Error("disk full"));
  const message = at.receive("c1");
  assert.deepEqual(await at.take(), ["c1#1"]);
  assert.deepEqual([at.answers, message.acks, at.shared.once?.counts.failed], [["ok"], 1, 1]);
});

Deno.test("StoreGate gives work back that shall be done again, and remembers spent attempts", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  const error = new RpcError("unavailable", "Later");
  at.receive("c1");
  const later: Result = { ok: false, error, ran: "yes", again: { afterMs: 100, attempt: 1 } };
  await at.take(() => later);
  assert.equal(store.memory.size, 0);
  at.clock.advance(120);
  const dead = { reason: "handler crashed", attempts: 2 };
  assert.deepEqual(await at.take(() => ({ ok: false, error, ran: "yes", dead })), ["c1#2"]);
  assert.deepEqual(at.deadLetters, ["handler crashed; attempts: 2"]);
  const again = new Fixture(store);
  again.receive("c1", "run", {}, 1);
  assert.deepEqual(await again.take(), []);
  assert.deepEqual(again.answers, ["unavailable/replied"]);
});

Deno.test("StoreGate remembers what a handler answered after its queue was lost, for the next owner", async () => {
  const store = new TestStore();
  const first = new Fixture(store);
  first.receive("c1");
  const [call] = first.mailbox;
  assert.ok(call !== undefined && call.claim());
  await call.started();
  first.intake.lose("lock refused");
  const second = new Fixture(store);
  second.receive("c1", "run", {}, 1);
  assert.deepEqual(await second.take(), [], "its lease is renewed as long as its handler goes on");
  call.settle({ ok: true, output: "late" });
  await turns();
  second.clock.advance(600);
  await second.take();
  assert.deepEqual([first.answers, second.answers], [[], ["ok"]]);
});

Deno.test("StoreGate takes no answer from a handler that stopped because its queue was lost: its work may be half done", async () => {
  for (const [tag, runs, answer] of [["run", 0, "internal/sent_unknown"], ["again", 1, "ok"]] as const) {
    const store = new TestStore();
    const first = new Fixture(store);
    first.receive("c1", tag);
    const [call] = first.mailbox;
    assert.ok(call !== undefined && call.claim());
    await call.started();
    const { signal } = call;
    first.intake.lose("lock refused");
    call.settle({ ok: false, error: RpcError.from(signal.reason), ran: "yes" });
    await turns();
    store.clock.advance(6_000);
    const second = new Fixture(store);
    second.receive("c1", tag, {}, 1);
    assert.equal((await second.take()).length, runs, tag);
    assert.deepEqual(second.answers, [answer]);
    assert.deepEqual(second.deadLetters, runs === 0 ? ["may have run; attempts: 1"] : []);
  }
});

Deno.test("StoreGate gives the work back of a call that was given up before its handler began", async () => {
  const store = new TestStore();
  const at = new Fixture(store);
  const message = at.receive("c1");
  const recorded = createDeferred<void>();
  message.onStarted = () => recorded.promise;
  const [call] = at.mailbox;
  assert.ok(call !== undefined && call.claim());
  const started = assert.rejects(Promise.resolve(call.started()));
  await turns();
  assert.equal(store.memory.size, 1);
  at.intake.lose("lock refused");
  recorded.reject(new RpcError("unavailable", "Gone"));
  await started;
  await turns();
  assert.equal(store.memory.size, 0);
});

Deno.test("StoreGate lets the lease of work end that crashed when it had been given up, or gives it back at once", async () => {
  for (const [tag, kind] of [["run", "orphaned"], ["again", "unknown"]] as const) {
    const store = new TestStore();
    const at = new Fixture(store);
    at.receive("c1", tag);
    const [call] = at.mailbox;
    assert.ok(call !== undefined && call.claim());
    await call.started();
    at.intake.lose("lock refused");
    const dead = { reason: "handler crashed", attempts: 1 };
    call.settle({ ok: false, error: new RpcError("internal", "x"), ran: "yes", dead });
    await turns();
    for (let second = 0; second < 10; second++) {
      at.clock.advance(1_000);
      store.clock.advance(1_000);
      await turns(1);
    }
    const [work] = store.works;
    assert.ok(work !== undefined);
    assert.equal((await store.memory.find(work)).kind, kind, tag);
  }
});

Deno.test("StoreGate renews the lease no more of work whose handler crashed after its queue was lost", async () => {
  const store = new TestStore();
  const first = new Fixture(store);
  first.receive("c1");
  const [call] = first.mailbox;
  assert.ok(call !== undefined && call.claim());
  await call.started();
  first.intake.lose("lock refused");
  const dead = { reason: "handler crashed", attempts: 1 };
  call.settle({ ok: false, error: new RpcError("internal", "Broken"), ran: "yes", dead });
  for (let passed = 0; passed < 6_000; passed += 500) {
    store.clock.advance(500);
    first.clock.advance(500);
  }
  const second = new Fixture(store);
  second.receive("c1", "run", {}, 1);
  assert.deepEqual(await second.take(), []);
  assert.deepEqual(second.answers, ["internal/sent_unknown"]);
  assert.deepEqual(second.deadLetters, ["may have run; attempts: 1"]);
});

Deno.test("StoreGate renews the lease no more of work whose dead letter became the next owner's to store", async () => {
  const store = new TestStore();
  const first = new Fixture(store);
  first.transport.onSend = () => Promise.reject(new RpcError("unavailable", "Down"));
  first.receive("c1");
  const dead = { reason: "handler crashed", attempts: 1 };
  await first.take(() => ({ ok: false, error: new RpcError("internal", "Broken"), ran: "yes", dead }));
  first.intake.lose("lock refused");
  for (let passed = 0; passed < 10_000; passed += 500) {
    store.clock.advance(500);
    first.clock.advance(500);
    await turns(1);
  }
  const work = { contract: Service.name, method: "run", key: "c1", digest: "" };
  assert.equal((await store.memory.find(work)).kind, "conflict");
  assert.equal(first.clock.timers, 0);
});

Deno.test("StoreGate keeps calls of one key in order while the first of them waits for its next attempt", async () => {
  const Keyed = defineService("test.Service", { run: method<string, string>({ key: () => "acc-1" }) });
  const at = new ServiceFixture(Keyed, { store: new TestStore() });
  for (const [offset, id] of ["c1", "c2"].entries()) {
    at.intake.deliver(new FakeDelivery(messageOf(requestOf(id, { timeoutMs: 60_000 })), { offset }));
  }
  await turns();
  const [first, next] = at.mailbox.splice(0);
  assert.ok(first !== undefined && next !== undefined && first.claim());
  await first.started();
  const error = new RpcError("unavailable", "Later");
  first.settle({ ok: false, error, ran: "yes", again: { afterMs: 100, attempt: 1 } });
  // What a cell does as soon as the first has ended.
  assert.equal(next.claim(), false, "it overtakes the one before it");
  at.clock.advance(120);
  await turns();
  assert.deepEqual(at.mailbox.map(({ id }) => id), ["c1", "c2"]);
});
