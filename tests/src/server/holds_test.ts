import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { InboundCall } from "../../../src/call/inbound.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Request } from "../../../src/envelope/request.ts";
import {
  MAX_HOLD_MS,
  PACK_HOLD_MS,
  SPAN_LIMIT,
  SWEEP_CALLS,
  WINDOW_AGE_MS,
} from "../../../src/server/defaults.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { type FixtureOptions, ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const LONG = { timeoutMs: 600_000 };
const Keyed = defineService("test.Service", { run: method<string, string>({ key: (input) => input }) });

class Fixture extends ServiceFixture {
  #offset = 0;

  receive(id: string, changes: Partial<Request> = {}, starts = 0): FakeDelivery {
    const request = requestOf(id, { ...LONG, ...changes });
    return this.receiveMessage(messageOf(request), starts);
  }

  receiveMessage(message: FakeDelivery["message"], starts = 0): FakeDelivery {
    const offset = this.#offset++;
    const delivery = new FakeDelivery(message, { offset, starts, storedAtMs: this.clock.now() });
    this.intake.deliver(delivery);
    return delivery;
  }

  /** The call of that id as it stands in the mailbox. */
  call(id: string): InboundCall {
    return this.mailbox.find((call) => call.id === id) ?? assert.fail(`no call ${id}`);
  }

  start(id: string): InboundCall {
    const call = this.call(id);
    assert.ok(call.claim());
    void call.started();
    return call;
  }

  /** Runs the call of that id, and lets its message be settled. */
  async finish(id: string): Promise<void> {
    assert.ok(this.run(this.call(id)));
    await turns();
  }

  /** Lets time pass and looks at what holds the queue. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.intake.sweep(this.clock.monotonic());
    await turns();
  }

  /** Delivers the message that was stored in the queue last. */
  copyBack(starts = 0): FakeDelivery {
    const { message } = this.transport.sent.at(-1) ?? assert.fail();
    return this.receiveMessage(message, starts);
  }
}

/** A call that runs, and one behind it that is settled: the first holds the queue. */
async function held(
  options: FixtureOptions = {},
): Promise<{ at: Fixture; slow: FakeDelivery; call: InboundCall }> {
  const at = new Fixture(undefined, options);
  const slow = at.receive("slow");
  at.receive("fast");
  const call = at.start("slow");
  await at.finish("fast");
  return { at, slow, call };
}

Deno.test("Holds copy a call that holds its queue for 30 s, and settle its message: the copy says that it was started", async () => {
  const { at, slow } = await held();
  await at.pass(MAX_HOLD_MS - 10);
  assert.deepEqual([at.sentAgain, slow.acks], [[], 0]);
  await at.pass(10);
  assert.deepEqual(at.sentAgain, [
    { id: "slow", attempt: 1, started: true, timeoutMs: 570_000, delayMs: 0 },
  ]);
  assert.deepEqual([slow.acks, at.shared.counts.copied, at.intake.unsettled], [1, 1, 1]);
  await at.pass(1_000);
  assert.equal(at.sentAgain.length, 1);
});

Deno.test("Holds copy a call that crashed in place with the attempt under way", async () => {
  const { at, call } = await held();
  call.attempt++;
  await at.pass(MAX_HOLD_MS);
  assert.deepEqual(at.sentAgain.map(({ attempt, started }) => [attempt, started]), [[2, true]]);
});

Deno.test("Holds join a copy with the call that runs, and settle it with the one reply", async () => {
  const { at, slow, call } = await held();
  await at.pass(MAX_HOLD_MS);
  const copy = at.copyBack();
  assert.deepEqual([copy.acks, copy.startedCalls, at.mailbox.length], [0, 1, 2]);
  call.settle({ ok: true, output: "done" });
  await turns();
  assert.deepEqual([slow.acks, copy.acks, at.answers, at.intake.unsettled], [1, 1, ["ok", "ok"], 0]);
  assert.equal(at.shared.counts.duplicates, 0);
});

Deno.test("Holds settle a copy at once that comes back when its call has ended", async () => {
  const { at, call } = await held();
  await at.pass(MAX_HOLD_MS);
  call.settle({ ok: true, output: "done" });
  await turns();
  const copy = at.copyBack();
  await turns();
  assert.deepEqual([copy.acks, at.answers, at.mailbox.length], [1, ["ok", "ok"], 2]);
  // One more, of a send whose answer was lost: a duplicate as any other.
  const spare = at.copyBack();
  await turns();
  assert.deepEqual([spare.acks, at.mailbox.length, at.answers.length], [1, 2, 3]);
});

Deno.test("Holds copy a call again whose copy holds the queue", async () => {
  const { at, call } = await held();
  await at.pass(MAX_HOLD_MS);
  const first = at.copyBack();
  at.receive("more");
  await at.finish("more");
  await at.pass(MAX_HOLD_MS);
  assert.deepEqual([first.acks, at.sentAgain.length], [1, 2]);
  const second = at.copyBack();
  call.settle({ ok: true, output: "done" });
  await turns();
  assert.deepEqual([first.acks, second.acks, at.intake.unsettled], [1, 1, 0]);
});

Deno.test("Holds keep a copy that comes before its send is answered, and the message until then", async () => {
  const { at, slow, call } = await held();
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  await at.pass(MAX_HOLD_MS);
  const copy = at.copyBack();
  assert.deepEqual([slow.acks, copy.acks], [0, 0]);
  stored.resolve();
  await turns();
  assert.deepEqual([slow.acks, copy.acks], [1, 0]);
  call.settle({ ok: true, output: "done" });
  await turns();
  assert.deepEqual([slow.acks, copy.acks], [1, 1]);
});

Deno.test("Holds settle both where the call ends while its copy is being stored", async () => {
  const { at, slow, call } = await held();
  const stored = createDeferred<void>();
  at.transport.onSend = () => stored.promise;
  await at.pass(MAX_HOLD_MS);
  call.settle({ ok: true, output: "done" });
  await turns();
  assert.equal(slow.acks, 1);
  stored.resolve();
  await turns();
  const copy = at.copyBack();
  await turns();
  assert.deepEqual([slow.acks, copy.acks, at.answers.length], [1, 1, 2]);
});

Deno.test("Holds leave copies in the queue when it goes to another: they stand for calls that may have run", async () => {
  for (const go of ["revoke", "lose"] as const) {
    const { at } = await held();
    await at.pass(MAX_HOLD_MS);
    const copy = at.copyBack();
    const gone = go === "revoke" ? at.intake.revoke() : at.intake.lose("lock refused");
    at.clock.advance(5_000);
    await gone;
    await turns();
    assert.equal(copy.acks, 0, go);
  }
});

Deno.test("Holds copy nothing that holds nobody up", async () => {
  const at = new Fixture();
  at.receive("only");
  at.start("only");
  at.receive("next");
  await at.pass(10 * MAX_HOLD_MS);
  assert.deepEqual(at.sentAgain, []);
});

Deno.test("Holds move a call to the end of the queue that does not run yet, and let it run from there", async () => {
  const at = new Fixture();
  const waiting = at.receive("waiting");
  at.receive("fast");
  await at.finish("fast");
  await at.pass(MAX_HOLD_MS);
  assert.deepEqual(at.sentAgain.map(({ id, attempt, started }) => [id, attempt, started]), [
    ["waiting", 1, false],
  ]);
  assert.deepEqual([waiting.acks, at.shared.counts.moved], [1, 1]);
  assert.ok(!at.call("waiting").claim(), "the one in the mailbox is let go");
  const moved = at.copyBack();
  const [last] = at.mailbox.slice(-1);
  assert.ok(at.run(last));
  await turns();
  assert.deepEqual([moved.acks, at.answers], [1, ["ok", "ok"]]);
});

Deno.test("Holds name a call with a key that holds its queue, and leave it where it is", async () => {
  const at = new Fixture(Keyed, { capabilities: { ownedPartitions: false } });
  const slow = at.receive("slow", { key: "slow" });
  at.receive("fast", { key: "fast" });
  at.start("slow");
  await at.finish("fast");
  assert.deepEqual(at.intake.holders, []);
  await at.pass(MAX_HOLD_MS + 500);
  assert.deepEqual([slow.acks, at.sentAgain], [0, []]);
  assert.deepEqual(at.intake.holders, [
    { queue: "a/0", callId: "slow", method: "run", key: "slow", heldMs: MAX_HOLD_MS + 500 },
  ]);
});

Deno.test("Holds let go at once when the span is full, and nothing is pulled until then", async () => {
  const at = new Fixture();
  const slow = at.receive("slow");
  at.start("slow");
  for (let index = 1; index < SPAN_LIMIT; index++) {
    at.receive(`c${index}`);
    at.run(at.call(`c${index}`));
    at.mailbox.length = 0;
    if (index % 500 === 0) await turns(1);
  }
  await turns();
  assert.deepEqual([at.partition.demanded, slow.acks], [0, 0]);
  await at.pass(0);
  assert.deepEqual([at.sentAgain.length, slow.acks], [1, 1]);
  assert.equal(at.partition.demanded, 32);
});

Deno.test("Holds pause the partition for a call with a key that fills the span", async () => {
  const at = new Fixture(Keyed, { capabilities: { ownedPartitions: false } });
  at.receive("slow", { key: "slow" });
  at.start("slow");
  for (let index = 1; index < SPAN_LIMIT; index++) {
    at.receive(`c${index}`, { key: `c${index}` });
    at.run(at.call(`c${index}`));
    at.mailbox.length = 0;
    if (index % 500 === 0) await turns(1);
  }
  await turns();
  await at.pass(MAX_HOLD_MS);
  assert.deepEqual([at.partition.demanded, at.sentAgain], [0, []]);
  assert.deepEqual(at.intake.holders.map(({ callId }) => callId), ["slow"]);
});

Deno.test("Holds send the calls of a pack again alone that have not started while others run for a second", async () => {
  const at = new Fixture();
  const [one, two, three] = ["c1", "c2", "c3"].map((id) => requestOf(id, LONG));
  assert.ok(one && two && three);
  const pack = at.receiveMessage(packOf([one, two, three]));
  await at.pass(10 * PACK_HOLD_MS);
  assert.deepEqual(at.sentAgain, [], "none of them has started");
  const running = at.start("c2");
  await at.pass(0);
  await at.pass(PACK_HOLD_MS - 10);
  assert.deepEqual(at.sentAgain, []);
  await at.pass(10);
  assert.deepEqual(
    at.sentAgain.map(({ id, attempt, started, timeoutMs }) => [id, attempt, started, timeoutMs]),
    [
      ["c1", 1, false, 589_000],
      ["c3", 1, false, 589_000],
    ],
  );
  const copies = at.transport.sent.map(({ message }) => at.receiveMessage(message));
  assert.equal(pack.acks, 0);
  running.settle({ ok: true, output: "slow" });
  await turns();
  assert.equal(pack.acks, 1);
  for (const call of at.mailbox.slice(3)) assert.ok(at.run(call));
  await turns();
  assert.deepEqual([copies.map(({ acks }) => acks), at.answers, at.intake.unsettled], [
    [1, 1],
    ["ok", "ok", "ok"],
    0,
  ]);
});

Deno.test("Holds let go of a bounded number of calls at a time", async () => {
  const at = new Fixture();
  for (let index = 0; index < SWEEP_CALLS + 10; index++) at.receive(`c${String(index).padStart(3, "0")}`);
  at.receive("fast");
  await at.finish("fast");
  await at.pass(MAX_HOLD_MS);
  assert.equal(at.sentAgain.length, SWEEP_CALLS);
  await at.pass(0);
  assert.equal(at.sentAgain.length, SWEEP_CALLS + 10);
});

Deno.test("Holds leave suspects and strangers where they are, and calls that wait for their next attempt", async () => {
  const at = new Fixture(undefined, { capabilities: { delayMs: false } });
  at.receiveMessage({ ...messageOf(requestOf("suspect", LONG), "again") }, 1);
  const plain = { correlationId: "plain", ttlMs: 600_000, replyTo: "fake:java" };
  const error = new RpcError("unavailable", "Later");
  const { topic, body } = messageOf(requestOf("plain"));
  at.receiveMessage({ topic, tag: "run", keys: ["plain"], headers: new Map(), body, plain });
  at.receive("waits");
  await turns();
  const again = { afterMs: 60_000, attempt: 1 };
  at.start("waits").settle({ ok: false, error, ran: "yes", again });
  at.receive("fast");
  await at.finish("fast");
  await at.pass(MAX_HOLD_MS);
  assert.deepEqual([at.sentAgain, at.intake.unsettled], [[], 3]);
  assert.deepEqual(at.intake.holders.map(({ callId }) => callId), ["suspect", "plain", "waits"]);
});

Deno.test("Holds forget copies that never come back", async () => {
  const { at, call } = await held();
  await at.pass(MAX_HOLD_MS);
  call.settle({ ok: true, output: "done" });
  await turns();
  at.receive("still");
  await at.pass(WINDOW_AGE_MS);
  const copy = at.copyBack();
  await turns();
  // Not one of ours any more: it is judged as what it says it is.
  assert.deepEqual([copy.acks, at.answers.at(-1)], [1, "ok"]);
});

Deno.test("Holds copy nothing where messages are settled one by one", async () => {
  const { at } = await held({ capabilities: { ownership: "perMessage" } });
  await at.pass(10 * MAX_HOLD_MS);
  assert.deepEqual([at.sentAgain, at.intake.holders], [[], []]);
});
