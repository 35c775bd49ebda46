import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { RecordingStore } from "../../helpers/recording_store.ts";
import { turns } from "../../helpers/settled.ts";
import { Guarded, StoreGateFixture } from "../../helpers/store_gate_fixture.ts";

Deno.test("StoreGate remembers what a handler answered after its queue was lost, for the next owner", async () => {
  const store = new RecordingStore();
  const first = new StoreGateFixture(store);
  const call = await first.begin("c1");
  first.intake.lose("lock refused");
  const second = new StoreGateFixture(store);
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
    const store = new RecordingStore();
    const first = new StoreGateFixture(store);
    const call = await first.begin("c1", tag);
    const { signal } = call;
    first.intake.lose("lock refused");
    call.settle({ ok: false, error: RpcError.from(signal.reason), ran: "yes" });
    await turns();
    store.clock.advance(6_000);
    const second = new StoreGateFixture(store);
    second.receive("c1", tag, {}, 1);
    assert.equal((await second.take()).length, runs, tag);
    assert.deepEqual(second.answers, [answer]);
    assert.deepEqual(second.deadLetters, runs === 0 ? ["may have run; attempts: 1"] : []);
  }
});

Deno.test("StoreGate gives the work back of a call that was given up before its handler began", async () => {
  const store = new RecordingStore();
  const at = new StoreGateFixture(store);
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
    const store = new RecordingStore();
    const at = new StoreGateFixture(store);
    const call = await at.begin("c1", tag);
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
  const store = new RecordingStore();
  const first = new StoreGateFixture(store);
  const call = await first.begin("c1");
  first.intake.lose("lock refused");
  const dead = { reason: "handler crashed", attempts: 1 };
  call.settle({ ok: false, error: new RpcError("internal", "Broken"), ran: "yes", dead });
  for (let passed = 0; passed < 6_000; passed += 500) {
    store.clock.advance(500);
    first.clock.advance(500);
  }
  const second = new StoreGateFixture(store);
  second.receive("c1", "run", {}, 1);
  assert.deepEqual(await second.take(), []);
  assert.deepEqual(second.answers, ["internal/sent_unknown"]);
  assert.deepEqual(second.deadLetters, ["may have run; attempts: 1"]);
});

Deno.test("StoreGate renews the lease no more of work whose dead letter became the next owner's to store", async () => {
  const store = new RecordingStore();
  const first = new StoreGateFixture(store);
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
  const work = { contract: Guarded.name, method: "run", key: "c1", digest: "" };
  assert.equal((await store.memory.find(work)).kind, "conflict");
  assert.equal(first.clock.timers, 0);
});
