import assert from "node:assert/strict";
import { createIds } from "../../../src/async/ids.ts";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import type { CallScope } from "../../../src/call/scope.ts";
import { Caller, type ProxySettings } from "../../../src/client/caller.ts";
import { json } from "../../../src/codec/json.ts";
import type { CallOptions } from "../../../src/contract/call_options.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { readRequest } from "../../../src/envelope/request.ts";
import { requestsIn } from "../../helpers/caller_fixture.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", {
  first: method(),
  run: method<unknown, unknown>({ timeoutMs: 700 }),
  wait: method<unknown, unknown>({ whenAbsent: "wait" }),
});
const foreign = defineService("test.Foreign", { run: method<unknown, unknown>() }, { foreign: true });

const SETTINGS: ProxySettings = { timeoutMs: 5_000, instance: undefined, scope: undefined };

class Fixture {
  scope: CallScope | undefined;
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly transport = new FakeTransport();
  readonly caller = new Caller({
    transport: this.transport,
    random: () => 0.5,
    scope: () => this.scope,
    clock: this.clock,
    wheel: this.wheel,
    newId: createIds(this.clock),
    from: "test/1",
  });

  call(input: unknown, options: CallOptions = {}, name: "run" | "wait" = "run"): Promise<unknown> {
    const { settings } = contract.methods[name];
    return this.caller.call({
      contract,
      method: name,
      kind: "call",
      settings,
      key: undefined,
      input,
      options,
    }, SETTINGS);
  }

  /** The requests that left unpacked. */
  get requests() {
    return this.transport.sent.map(({ message: { headers, body } }) => readRequest(headers, headers, body));
  }

  reply(id: string, body: Uint8Array | undefined): void {
    this.caller.pending.reply({ id, ok: true, type: "application/json", body });
  }
}

Deno.test("Caller sends a request and resolves with the decoded reply", async () => {
  const at = new Fixture();
  const answer = at.call({ a: 1 }, { headers: { tenant: "t1" }, idempotencyKey: "k" });
  await turns();
  const [request] = at.requests;
  assert.ok(request !== undefined);
  assert.deepEqual(json.decode(request.body ?? Uint8Array.of()), { a: 1 });
  assert.deepEqual(
    [request.timeoutMs, request.deadlineMs, request.replyTo, request.from, request.idempotencyKey],
    [700, at.clock.now() + 700, "fake:me", "test/1", "k"],
  );
  assert.deepEqual(request.userHeaders, new Map([["tenant", "t1"]]));
  assert.deepEqual([at.transport.sent[0]?.message.tag, at.transport.sent[0]?.queue.id], ["run", 1]);
  at.reply(request.id, json.encode(["b"]));
  assert.deepEqual(await answer, ["b"]);
  assert.equal(at.clock.timers, 0);
});

Deno.test("Caller takes the timeout of the call before the method's, and that before the client's", async () => {
  const at = new Fixture();
  const calls = [];
  for (const call of [() => at.call(1, { timeoutMs: 50 }), () => at.call(1), () => at.call(1, {}, "wait")]) {
    calls.push(call());
    await turns();
  }
  assert.deepEqual(at.requests.map(({ timeoutMs }) => timeoutMs), [50, 700, 5_000]);
  at.caller.close("over");
  for (const call of calls) await assertFails(call, "cancelled", "sent_unknown");
});

Deno.test("Caller refuses what cannot be sent, before anything leaves", async () => {
  const at = new Fixture();
  const refusals: readonly [unknown, CallOptions][] = [
    [Symbol("odd"), {}],
    [() => {}, {}],
    ["x".repeat(3 * 1024 * 1024), {}],
    [1, { timeoutMs: 0 }],
    [1, { idempotencyKey: "" }],
    [1, { idempotencyKey: "x".repeat(13_000) }],
    [1, { headers: { "a b": "c" } }],
    [1, { headers: { a: "" } }],
    [1, { headers: { a: "x".repeat(12_400) } }],
    // Each of these characters takes nine bytes on the wire.
    [1, { headers: { a: "字".repeat(1_400) } }],
  ];
  for (const [input, options] of refusals) {
    await assertFails(at.call(input, options), "invalid_argument", "not_sent");
  }
  assert.deepEqual([at.transport.sent, at.caller.pending.size, at.clock.timers], [[], 0, 0]);
});

Deno.test("Caller lets twelve kilobytes of headers through", async () => {
  const at = new Fixture();
  const call = at.call(1, { headers: { a: "x".repeat(12_000) } });
  await turns();
  assert.equal(at.requests[0]?.userHeaders.get("a")?.length, 12_000);
  at.reply(at.requests[0]?.id ?? "", undefined);
  assert.equal(await call, undefined);
});

Deno.test("Caller refuses a call whose signal has aborted, and everything once it is closed", async () => {
  const at = new Fixture();
  const reason = new Error("changed my mind");
  const cancelled = await assertFails(
    at.call(1, { signal: AbortSignal.abort(reason) }),
    "cancelled",
    "not_sent",
  );
  assert.equal(cancelled.cause, reason);
  at.caller.close("the client is closed");
  const refused = await assertFails(at.call(1), "unavailable", "not_sent");
  assert.equal(refused.message, "Cannot call: the client is closed");
});

Deno.test("Caller fails any number of calls to an absent service after two looks", async () => {
  const at = new Fixture();
  at.transport.onMembers = () => Promise.resolve([]);
  const calls = Array.from(
    { length: 20_000 },
    () => assertFails(at.call(1, { timeoutMs: 5_000 }), "unavailable", "not_sent"),
  );
  await turns();
  at.clock.advance(1_000);
  await Promise.all(calls);
  assert.deepEqual([at.transport.sent, at.caller.pending.size], [[], 0]);
  at.caller.close("over");
  assert.equal(at.clock.timers, 0);
});

Deno.test("Caller sends to an absent service where the method waits", async () => {
  const at = new Fixture();
  at.transport.onMembers = () => Promise.resolve([]);
  const call = at.call(1, {}, "wait");
  await turns();
  at.clock.advance(1_000);
  await turns();
  assert.equal(at.requests.length, 1);
  at.caller.close("over");
  await assertFails(call, "cancelled", "sent_unknown");
});

Deno.test("Caller packs calls where nobody can tell who serves, and none where somebody could", async () => {
  for (const presence of [false, true]) {
    const at = new Fixture();
    at.transport.capabilities = { ...at.transport.capabilities, presence };
    at.transport.onMembers = () => Promise.resolve("unknown");
    const calls = Promise.allSettled([at.call(1), at.call(2), at.call(3)]);
    await turns();
    assert.equal(at.transport.sent.length, presence ? 3 : 1);
    at.clock.advance(60_000);
    await calls;
  }
});

Deno.test("Caller asks nobody before it calls a foreign contract", async () => {
  const at = new Fixture();
  const call = at.caller.call({
    contract: foreign,
    method: "run",
    kind: "call",
    key: undefined,
    settings: foreign.methods.run.settings,
    input: 1,
    options: {},
  }, SETTINGS);
  await turns();
  assert.equal(at.transport.looks, 0);
  assert.equal(at.transport.sent[0]?.message.plain?.ttlMs, 5_000);
  at.reply(at.requests[0]?.id ?? "", json.encode(2));
  assert.equal(await call, 2);
});

Deno.test("Caller says that a reply it cannot read was an answer", async () => {
  const at = new Fixture();
  const call = at.call(1);
  await turns();
  at.reply(at.requests[0]?.id ?? "", Uint8Array.of(0x7b));
  await assertFails(call, "internal", "executed_reply_lost");
});

Deno.test("Caller has 4,096 calls under way; those beyond wait until their deadline", async () => {
  const at = new Fixture();
  const calls = Array.from({ length: 4_097 }, () => at.call(1));
  const outcomes = Promise.allSettled(calls);
  await turns(10);
  const keys = at.transport.sent.flatMap(({ message }) => message.keys);
  assert.equal(keys.length, 4_096);
  at.clock.advance(720);
  await assertFails(calls[4_096] ?? Promise.resolve(), "deadline_exceeded", "not_sent");
  at.clock.advance(220);
  await outcomes;
  assert.deepEqual([at.caller.pending.size, at.clock.timers], [0, 0]);
});

Deno.test("Caller gives its callee only what a call has left that waited on this side", async () => {
  const at = new Fixture();
  const calls = Array.from({ length: 4_097 }, () => at.call(1));
  const outcomes = Promise.allSettled(calls);
  await turns(10);
  const sent = () => at.transport.sent.flatMap(({ message }) => requestsIn(message));
  const last = () => sent().at(-1);
  const whole = last()?.timeoutMs ?? 0;
  const deadlineMs = last()?.deadlineMs ?? 0;
  at.clock.advance(400);
  at.reply(sent()[0]?.id ?? "", json.encode(1));
  await turns(10);
  assert.equal(sent().length, 4_097);
  assert.deepEqual([last()?.timeoutMs, last()?.deadlineMs], [whole - 400, deadlineMs]);
  at.clock.advance(10_000);
  await outcomes;
});

Deno.test("Caller drain refuses further calls and waits for those under way", async () => {
  const at = new Fixture();
  const call = at.call(1);
  await turns();
  let drained = false;
  const draining = at.caller.drain("closing").then(() => drained = true);
  await assertFails(at.call(2), "unavailable", "not_sent");
  assert.ok(!drained);
  at.reply(at.requests[0]?.id ?? "", undefined);
  await Promise.all([call, draining]);
});
