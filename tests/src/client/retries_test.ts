import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { OUTCOME_GRACE_MS } from "../../../src/call/defaults.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { CallerFixture, sendFailure } from "../../helpers/caller_fixture.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", {
  run: method<unknown, unknown>(),
  again: method<unknown, unknown>({ idempotent: true }),
  tell: method.oneway<unknown>(),
}, { slots: 1 });

/** The first pause is at most 25 ms here, and a timer fires at most 20 ms late. */
const PAUSE_MS = 50;

class Fixture extends CallerFixture {
  /** Calls, and lets the first try go. */
  async start(name: "run" | "again" | "tell", options = {}): Promise<{ readonly call: Promise<unknown> }> {
    const call = this.call(contract, name, 1, options);
    await turns();
    return { call };
  }

  async pass(ms = PAUSE_MS): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }

  get tries(): readonly (readonly unknown[])[] {
    return this.sent.map(({ request, queue }) => [queue.id, request.attempt, request.timeoutMs]);
  }

  get ids(): number {
    return new Set(this.sent.map(({ request }) => request.id)).size;
  }
}

Deno.test("Retries sends again what was certainly not sent: wherever there is room, as the same attempt", async () => {
  const at = new Fixture();
  at.failSends("not_sent", "not_sent");
  const records = await recordLogs(async () => {
    const { call } = await at.start("run", { timeoutMs: 1_000 });
    await at.pass(30);
    await at.pass(70);
    assert.deepEqual(at.tries, [[0, 1, 1_000], [1, 1, 970], [2, 1, 900]]);
    assert.equal(at.ids, 1);
    at.answer(2, "done");
    assert.equal(await call, "done");
  });
  assert.deepEqual(eventsOf(records), [EVENTS.caller.again, EVENTS.caller.again]);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Retries sends again what may be stored only where that does no harm: to the same queue, as the next attempt", async () => {
  const at = new Fixture();
  at.failSends("sent_unknown");
  const { call } = await at.start("again", { timeoutMs: 1_000 });
  await at.pass(30);
  assert.deepEqual([at.tries, at.ids], [[[0, 1, 1_000], [0, 2, 970]], 1]);
  assert.equal(at.sent[0]?.request.deadlineMs, at.sent[1]?.request.deadlineMs);
  at.answer(1, "done");
  assert.equal(await call, "done");
  at.failSends("sent_unknown");
  await assertFails(at.call(contract, "run"), "unavailable", "sent_unknown");
  assert.equal(at.tries.length, 3);
});

Deno.test("Retries spends an attempt on every try that may have been stored, and only on those", async () => {
  const at = new Fixture();
  at.failSends("sent_unknown", "not_sent", "sent_unknown", "not_sent", "sent_unknown", "not_sent");
  const { call } = await at.start("again");
  for (let step = 0; step < 8; step++) await at.pass(400);
  assert.deepEqual(at.tries.map(([, attempt]) => attempt), [1, 2, 2, 3, 3]);
  await assertFails(call, "unavailable", "sent_unknown");
});

Deno.test("Retries gives the last error to the caller when there is no time for another pause", async () => {
  const at = new Fixture();
  let tries = 0;
  at.transport.onSend = () =>
    Promise.reject(Object.assign(sendFailure("not_sent"), { message: `Try ${++tries}` }));
  const untilMs = at.clock.now() + 400;
  const { call } = await at.start("run", { timeoutMs: 400 });
  let leftMs = 0;
  call.catch(() => leftMs = untilMs - at.clock.now());
  for (let step = 0; step < 20; step++) await at.pass(20);
  assert.ok(leftMs > 100, `it waited until ${leftMs} ms were left`);
  const failure = await assertFails(call, "unavailable", "not_sent");
  assert.deepEqual([failure.message, tries, failure.callId], ["Try 4", 4, at.sent[0]?.request.id]);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Retries gives the last error to the caller when the deadline passes during a pause", async () => {
  const at = new Fixture();
  at.failSends("not_sent");
  const { call } = await at.start("run", { timeoutMs: 26 });
  at.clock.advance(100);
  await assertFails(call, "unavailable", "not_sent");
  at.failSends("sent_unknown");
  const unknown = (await at.start("again", { timeoutMs: 26 })).call;
  at.clock.advance(100);
  await turns();
  // A reply to the first try may still come.
  at.clock.advance(200);
  await assertFails(unknown, "unavailable", "sent_unknown");
  assert.deepEqual([at.tries.length, at.clean], [2, [0, 0, 0]]);
});

Deno.test("Retries knows what giving up during a pause means", async () => {
  for (
    const [outcome, name, known] of [
      ["not_sent", "run", "not_sent"],
      ["sent_unknown", "again", "sent_unknown"],
    ] as const
  ) {
    const at = new Fixture();
    at.failSends(outcome);
    const controller = new AbortController();
    const { call } = await at.start(name, { signal: controller.signal });
    controller.abort();
    await assertFails(call, "cancelled", known);
    await at.pass(1_000);
    const cancels = at.transport.sent.filter(({ message }) => message.headers.get(HEADER.kind) === "cancel");
    assert.deepEqual([at.tries.length, cancels.length, at.clean], [1, known === "not_sent" ? 0 : 1, [
      0,
      0,
      0,
    ]]);
  }
  const at = new Fixture();
  const controller = new AbortController();
  const { call } = await at.start("run", { signal: controller.signal });
  at.refuse(0, "unavailable");
  controller.abort();
  await assertFails(call, "cancelled", "rejected");
});

Deno.test("Retries ends with the caller, and goes on while it drains", async () => {
  const at = new Fixture();
  at.failSends("not_sent");
  const closed = await at.start("run");
  at.caller.close("the client is closed");
  await assertFails(closed.call, "cancelled", "not_sent");
  assert.deepEqual([at.tries.length, at.clean], [1, [0, 0, 0]]);

  const other = new Fixture();
  other.failSends("not_sent", "not_sent");
  const { call } = await other.start("run");
  const drained = other.caller.drain("the client is closing");
  await other.pass();
  await other.pass(100);
  other.answer(2, "done");
  assert.equal(await call, "done");
  await drained;
});

Deno.test("Retries makes again what its callee refused without running it, for reasons that pass", async () => {
  for (const code of ["unavailable", "resource_exhausted"] as const) {
    const at = new Fixture();
    const { call } = await at.start("run", { timeoutMs: 1_000 });
    at.refuse(0, code);
    await at.pass(30);
    // In its queue it is known as the same call, should the refusal come twice.
    assert.deepEqual([at.tries, at.ids], [[[0, 1, 1_000], [0, 1, 970]], 1]);
    at.answer(1, "done");
    assert.equal(await call, "done");
  }
  for (const code of ["internal", "invalid_argument", "unimplemented", "failed_precondition"] as const) {
    const at = new Fixture();
    const { call } = await at.start("again");
    at.refuse(0, code);
    await assertFails(call, code, "rejected");
  }
});

Deno.test("Retries takes a refusal that comes again for nothing new: what was sent after it may run", async () => {
  const at = new Fixture();
  const { call } = await at.start("run", { timeoutMs: 1_000 });
  at.refuse(0, "unavailable", "no", "T/b/0/7");
  await at.pass(30);
  assert.equal(at.tries.length, 2);
  at.refuse(0, "unavailable", "no", "T/b/0/7");
  await at.pass(100);
  assert.equal(at.tries.length, 2, "a later owner has answered with it again");
  at.refuse(1, "unavailable", "no", "T/b/0/8");
  await at.pass(100);
  assert.equal(at.tries.length, 3);
  at.answer(2, "done");
  assert.equal(await call, "done");
});

Deno.test("Retries lets no refusal after the deadline tell that nothing ran where another try may have", async () => {
  const repeated = new Fixture();
  const resent = await repeated.start("run", { timeoutMs: 1_000 });
  repeated.refuse(0, "unavailable", "no", "T/b/0/7");
  await repeated.pass(30);
  await repeated.pass(990);
  repeated.refuse(0, "unavailable", "no", "T/b/0/7");
  await repeated.pass(OUTCOME_GRACE_MS + 20);
  await assertFails(resent.call, "deadline_exceeded", "sent_unknown");
  const stored = new Fixture();
  stored.failSends("sent_unknown");
  const again = await stored.start("again", { timeoutMs: 1_000 });
  await stored.pass(30);
  await stored.pass(990);
  stored.refuse(1, "unavailable", "no", "T/b/0/8");
  await assertFails(again.call, "deadline_exceeded", "sent_unknown");
  assert.deepEqual([repeated.clean, stored.clean], [[0, 0, 0], [0, 0, 0]]);
});

Deno.test("Retries takes a handler's answer as it is, and a call that may have run again only where that does no harm", async () => {
  const at = new Fixture();
  const answered = await at.start("again");
  at.refuse(0, "unavailable", "yes");
  await assertFails(answered.call, "unavailable", "replied");
  const unknown = await at.start("run");
  at.refuse(1, "unavailable", "maybe");
  await assertFails(unknown.call, "unavailable", "sent_unknown");
  const { call } = await at.start("again");
  at.refuse(2, "unavailable", "maybe");
  await at.pass();
  assert.deepEqual(at.tries.at(-1)?.slice(0, 2), [at.tries.at(-2)?.[0], 2]);
  at.answer(3, "done");
  assert.equal(await call, "done");
});

Deno.test("Retries never says that nothing ran once a try may have been stored", async () => {
  const absent = new Fixture();
  await absent.start("run");
  absent.answer(0);
  // A member that was seen is believed for five seconds: the first try is just within, the second is not.
  absent.transport.onMembers = () => Promise.resolve([]);
  await absent.pass(4_990);
  absent.failSends("sent_unknown");
  const gone = await absent.start("again");
  for (let step = 0; step < 3; step++) await absent.pass(500);
  const failure = await assertFails(gone.call, "unavailable", "sent_unknown");
  assert.match(failure.message, /No instance serves/);

  for (const refuse of ["not_sent", "rejected"] as const) {
    const at = new Fixture();
    at.failSends("sent_unknown", ...refuse === "not_sent" ? Array<"not_sent">(10).fill(refuse) : []);
    const { call } = await at.start("again", { timeoutMs: 100 });
    await at.pass(30);
    if (refuse === "rejected") at.refuse(1, "internal");
    else for (let step = 0; step < 10; step++) await at.pass(40);
    await assertFails(call, refuse === "rejected" ? "internal" : "unavailable", "sent_unknown");
  }
});

Deno.test("Retries is over when an earlier try is answered after all", async () => {
  const at = new Fixture();
  at.failSends("sent_unknown");
  const { call } = await at.start("again");
  at.answer(0, "done");
  assert.equal(await call, "done");
  await at.pass(1_000);
  assert.deepEqual([at.tries.length, at.clean], [1, [0, 0, 0]]);
});

Deno.test("Retries makes a call again once, whatever its send says after its callee has refused it", async () => {
  const at = new Fixture();
  const answer = createDeferred<void>();
  at.transport.onSend = () => answer.promise;
  const { call } = await at.start("run");
  at.refuse(0, "unavailable");
  answer.reject(sendFailure("sent_unknown"));
  at.transport.onSend = () => Promise.resolve();
  await turns();
  at.refuse(0, "unavailable");
  await at.pass(200);
  assert.equal(at.tries.length, 2);
  at.answer(1, "done");
  assert.equal(await call, "done");
});

Deno.test("Retries gives a one-way call the receipt of the try that was stored, and no deadline that nobody asked for", async () => {
  const at = new Fixture();
  at.failSends("not_sent");
  const { call } = await at.start("tell");
  await at.pass();
  const receipt = { callId: at.sent[0]?.request.id, messageId: "m", broker: "a", queueId: 1, offset: 1 };
  assert.deepEqual(await call, receipt);
  assert.deepEqual(at.tries, [[0, 1, Infinity], [1, 1, Infinity]]);
  at.failSends("not_sent");
  await at.start("tell", { timeoutMs: 800 });
  await at.pass(30);
  assert.deepEqual(at.tries.slice(2).map(([, , timeoutMs]) => timeoutMs), [800, 770]);
});
