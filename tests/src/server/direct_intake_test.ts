import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import type { InboundCall } from "../../../src/call/inbound.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type SchemaResult, type } from "../../../src/contract/schema.ts";
import { travelling } from "../../../src/envelope/body.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { replyBody } from "../../../src/envelope/reply.ts";
import { type Request, requestHeaders } from "../../../src/envelope/request.ts";
import { writeTarget } from "../../../src/envelope/target.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { DirectIntake } from "../../../src/server/direct_intake.ts";
import type { DirectMessage } from "../../../src/transport/transport.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { capitals, schemaOf } from "../../helpers/schemas.ts";
import { repliesIn } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly transport = new FakeTransport();
  readonly wheel = new TimerWheel(this.clock);
  readonly mailbox: InboundCall[] = [];
  room = Infinity;
  readonly checking = createDeferred<SchemaResult<string>>();
  readonly intake: DirectIntake;

  constructor() {
    const contract = defineService("rocket.Health", {
      ping: method({ input: capitals, output: type<unknown>() }),
      slow: method({ input: schemaOf<string>(() => this.checking.promise) }),
      urgent: method<string>({ minRemainingMs: 1_000 }),
    });
    const { transport, clock, wheel } = this;
    const deliver = (call: InboundCall) => this.mailbox.length < this.room && this.mailbox.push(call) > 0;
    this.intake = new DirectIntake(new Map([[contract.name, { contract, mailboxes: { deliver } }]]), {
      transport,
      clock,
      random: () => 0.5,
      wheel,
    });
  }

  receive(id: string, changes: Partial<Request> = {}, target = "rocket.Health/ping"): void {
    this.intake.receive(direct(requestOf(id, changes), target));
  }

  get answers(): readonly string[] {
    return this.transport.sentTo.flatMap(repliesIn)
      .map((reply) => reply.ok ? "ok" : `${reply.error.code}/${reply.error.outcome}`);
  }
}

function direct(request: Request, target: string | undefined): DirectMessage {
  const headers = requestHeaders(request);
  if (target !== undefined) headers.set(HEADER.target, target);
  return { headers, body: travelling(request.body) };
}

Deno.test("DirectIntake takes a call to its mailbox past all partitions, and answers it", async () => {
  const at = new Fixture();
  at.receive("c1", {}, writeTarget({ contract: "rocket.Health", method: "ping" }));
  const [call] = at.mailbox;
  assert.ok(call !== undefined);
  assert.deepEqual([call.id, call.method, call.input, call.partition, call.sequence, call.attempt], [
    "c1",
    "ping",
    "C1",
    "",
    0,
    1,
  ]);
  assert.equal(call.deadlineMs, at.clock.now() + 5_000, "its timeout counts from its arrival");
  assert.ok(call.claim());
  assert.equal(call.started(), undefined);
  assert.equal(at.intake.unsettled, 1);
  call.settle({ ok: true, output: { up: true } });
  await turns();
  const [sent] = at.transport.sentTo;
  assert.deepEqual([sent?.address, sent?.near, sent?.message.keys], ["fake:caller", undefined, ["c1"]]);
  const [reply] = repliesIn(sent ?? assert.fail());
  assert.deepEqual(JSON.parse(new TextDecoder().decode(reply && replyBody(reply))), { up: true });
  assert.deepEqual([at.intake.unsettled, at.wheel.size, at.clock.timers], [0, 0, 0]);
});

Deno.test("DirectIntake answers what no handler must see", async () => {
  const at = new Fixture();
  const body = new TextEncoder().encode("7");
  at.receive("c1", {}, "rocket.Metadata/get");
  at.receive("c2", {}, "rocket.Health/reboot");
  at.receive("c3", {}, "nonsense");
  at.intake.receive(direct(requestOf("c4"), undefined));
  at.receive("c5", { body });
  at.receive("c6", { timeoutMs: 0 });
  await turns();
  assert.deepEqual(at.answers, [
    "unimplemented/rejected",
    "unimplemented/rejected",
    "unimplemented/rejected",
    "unimplemented/rejected",
    "invalid_argument/rejected",
    "deadline_exceeded/expired",
  ]);
  assert.deepEqual([at.mailbox, at.intake.counts.refused, at.intake.counts.dropped], [[], 6, 0]);
});

Deno.test("DirectIntake claims nothing whose time is up", async () => {
  const at = new Fixture();
  at.receive("c1", {}, "rocket.Health/urgent");
  at.receive("c2");
  at.clock.advance(4_500);
  assert.ok(!at.mailbox[0]?.claim());
  assert.ok(at.mailbox[1]?.claim());
  at.mailbox[1]?.settle({ ok: true, output: 1 });
  await turns();
  assert.deepEqual(at.answers, ["deadline_exceeded/expired", "ok"]);
});

Deno.test("DirectIntake waits for a schema, and refuses by it", async () => {
  for (
    const [result, answers] of [
      [{ value: "parsed" }, []],
      [{ issues: [{ message: "no" }] }, ["invalid_argument/rejected"]],
    ] as const
  ) {
    const at = new Fixture();
    at.receive("c1", {}, "rocket.Health/slow");
    assert.equal(at.mailbox.length, 0);
    at.checking.resolve(result);
    await turns();
    assert.deepEqual([at.mailbox.map(({ input }) => input), at.answers], [
      answers.length === 0 ? ["parsed"] : [],
      answers,
    ]);
  }
});

Deno.test("DirectIntake refuses beyond 256 calls at once, and where a mailbox is full", async () => {
  const at = new Fixture();
  for (let index = 0; index < 257; index++) at.receive(`c${index}`);
  await turns();
  assert.deepEqual([at.mailbox.length, at.answers], [256, ["resource_exhausted/rejected"]]);
  at.mailbox[0]?.claim();
  at.mailbox[0]?.settle({ ok: true, output: 1 });
  await turns();
  at.room = 0;
  at.receive("again");
  await turns();
  assert.deepEqual(at.answers.slice(1), ["ok", "resource_exhausted/rejected"]);
  at.room = Infinity;
  at.receive("again");
  assert.equal(at.mailbox.length, 257, "a refused call may come again");
});

Deno.test("DirectIntake drops refusals beyond 256 that nobody takes, and counts them", async () => {
  const at = new Fixture();
  at.transport.onSendTo = () => new Promise(() => {});
  const records = await recordLogs(async () => {
    for (let index = 0; index < 300; index++) at.receive(`c${index}`, {}, "nonsense");
    await turns();
  });
  assert.deepEqual([at.intake.counts.refused, at.intake.counts.dropped], [300, 44]);
  assert.equal(eventsOf(records).filter((event) => event === EVENTS.callee.directRefused).length, 44);
  at.intake.close();
});

Deno.test("DirectIntake answers a request that it cannot read where it can, and counts the others", async () => {
  const at = new Fixture();
  const good = direct(requestOf("c1"), "rocket.Health/ping");
  const wrong: readonly [string, string | undefined][] = [
    [HEADER.timeout, "soon"],
    [HEADER.deadline, undefined],
    [HEADER.type, ""],
    [HEADER.id, undefined],
    [HEADER.id, "a b"],
    [HEADER.reply, undefined],
    [HEADER.version, "2"],
  ];
  for (const [name, value] of wrong) {
    const headers = new Map(good.headers);
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
    at.intake.receive({ ...good, headers });
  }
  await turns();
  assert.deepEqual([at.answers, at.mailbox], [Array(3).fill("invalid_argument/rejected"), []]);
  assert.deepEqual([at.intake.counts.refused, at.intake.counts.dropped], [3, 4]);
});

Deno.test("DirectIntake counts the answers that nobody takes", async () => {
  const at = new Fixture();
  at.transport.onSendTo = () =>
    Promise.reject(new RpcError("invalid_argument", "no address", { outcome: "not_sent" }));
  at.receive("c1", {}, "nonsense");
  await turns();
  assert.deepEqual([at.intake.counts.refused, at.intake.counts.undelivered], [1, 1]);
});

Deno.test("DirectIntake runs a duplicate once", async () => {
  const at = new Fixture();
  at.receive("c1");
  at.receive("c1");
  at.mailbox[0]?.claim();
  at.mailbox[0]?.settle({ ok: true, output: 1 });
  at.receive("c1");
  await turns();
  assert.deepEqual([at.mailbox.length, at.answers, at.intake.counts.duplicates], [1, ["ok", "ok", "ok"], 2]);
});

Deno.test("DirectIntake cancels what waits, tells what runs, and remembers what has not come", async () => {
  const at = new Fixture();
  at.receive("c1");
  at.receive("c2");
  const [first, second] = at.mailbox;
  assert.ok(first !== undefined && second !== undefined && second.claim());
  assert.ok(at.intake.cancel("c1") && at.intake.cancel("c2") && !at.intake.cancel("c3"));
  at.intake.expectCancelled("c3");
  at.receive("c3");
  assert.ok(!first.claim() && second.signal.aborted && at.mailbox.length === 2);
  second.settle({ ok: true, output: 1 });
  await turns();
  assert.deepEqual(at.answers, ["cancelled/rejected", "cancelled/rejected", "ok"]);
  assert.equal(at.intake.counts.cancelled, 3);
});

Deno.test("DirectIntake answers a crash without a dead letter: there is no queue behind it", async () => {
  const at = new Fixture();
  at.receive("c1");
  at.mailbox[0]?.claim();
  const error = new RpcError("internal", "Failed");
  at.mailbox[0]?.settle({ ok: false, error, ran: "yes", dead: { reason: "handler crashed", attempts: 1 } });
  await turns();
  assert.deepEqual([at.answers, at.transport.sent], [["internal/replied"], []]);
});

Deno.test("DirectIntake close gives up what runs and answers nothing more", async () => {
  const at = new Fixture();
  at.receive("c1");
  at.receive("c2");
  const [first, second] = at.mailbox;
  assert.ok(first !== undefined && first.claim());
  const { signal } = first;
  at.intake.close();
  at.intake.close();
  assert.ok(signal.aborted && first.withdrawn && !second?.claim());
  first.settle({ ok: true, output: 1 });
  at.receive("c3");
  await turns();
  assert.deepEqual([at.answers, at.mailbox.length, at.intake.unsettled, at.wheel.size], [[], 2, 0, 0]);
});
