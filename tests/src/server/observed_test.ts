import assert from "node:assert/strict";
import type { ObservedRequest, ObservedService, ServeObserver } from "../../../src/call/observer.ts";
import type { Result } from "../../../src/call/inbound.ts";
import { queueOfKey } from "../../../src/call/plan.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { type FixtureOptions, ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

/** Writes down what it is told, call by call. */
class Notes implements ServeObserver {
  readonly requests: ObservedRequest[] = [];
  readonly steps: string[] = [];

  received(request: ObservedRequest): ObservedService {
    this.requests.push(request);
    const note = (step: string) => void this.steps.push(`${request.callId} ${step}`);
    return {
      trace: undefined,
      recording: () => note("recording"),
      started: (attempt) => note(`started ${attempt}`),
      within: (work) => work(),
      finished: () => note("finished"),
      again: (afterMs, how) => note(`again after ${afterMs}: ${how}`),
      dead: (reason, attempts) => note(`dead: ${reason}, ${attempts}`),
      answered: (error) => note(`answered ${error?.code ?? "ok"}`),
      left: () => note("left"),
    };
  }

  refused(request: ObservedRequest, error: RpcError): void {
    this.requests.push(request);
    this.steps.push(`${request.callId} refused ${error.code}`);
  }
}

const Oneway = defineService("test.Service", { run: method.oneway<string>() });
const Keyed = defineService("test.Service", { run: method<string, string>({ key: (key) => key }) }, {
  slots: 1,
});
const Streamed = defineService("test.Service", { run: method.stream<string, string>() });

function stage(contract?: ConstructorParameters<typeof ServiceFixture>[0], options: FixtureOptions = {}) {
  const notes = new Notes();
  const at = new ServiceFixture(contract, { ...options, observer: notes });
  return { at, notes };
}

/** A stream whose first item is stored. */
async function streaming() {
  const { at, notes } = stage(Streamed);
  at.intake.deliver(delivery("c1", { credit: { items: 4, bytes: 100 } }));
  const [call] = at.mailbox;
  if (!call?.claim()) throw new TypeError("It did not arrive");
  void call.stream?.push("item");
  await turns();
  return { at, notes, call };
}

function delivery(id: string, changes: Partial<Request> = {}, tag = "run"): FakeDelivery {
  return new FakeDelivery(messageOf(requestOf(id, { timeoutMs: 60_000, ...changes }), tag));
}

function later(afterMs: number): Result {
  const error = new RpcError("unavailable", "Later");
  return { ok: false, error, ran: "yes", again: { afterMs, attempt: 1 } };
}

Deno.test("observedRequest says what is known of a request, also of one that came in a pack", () => {
  const { at, notes } = stage();
  const trace = { traceparent: "00-1-2-01", tracestate: undefined, baggage: undefined };
  const pack = packOf([requestOf("c1", { trace }), requestOf("c2", { attempt: 2 })]);
  at.intake.deliver(new FakeDelivery(pack, { offset: 9, starts: 0 }));
  const [first, second] = notes.requests;
  assert.deepEqual({ ...first, queue: undefined }, {
    contract: "test.Service",
    method: "run",
    known: true,
    kind: "call",
    callId: "c1",
    attempt: 1,
    trace,
    caller: first?.caller,
    queue: undefined,
    offset: 9,
    storedAtMs: first?.storedAtMs,
    calls: 2,
  });
  assert.deepEqual([first?.queue?.topic, second?.callId, second?.attempt], ["test-Service", "c2", 2]);
  at.intake.deliver(delivery("c3", {}, "unheard"));
  assert.deepEqual([notes.requests[2]?.known, notes.steps], [false, ["c3 refused unimplemented"]]);
});

Deno.test("observers are told of an answer, and when nothing is left to do", async () => {
  const { at, notes } = stage();
  at.intake.deliver(delivery("c1"));
  at.run(at.mailbox[0]);
  assert.deepEqual(notes.steps, ["c1 answered ok"]);
  await turns();
  assert.deepEqual(notes.steps, ["c1 answered ok", "c1 left"]);
});

Deno.test("observers are told of an attempt in place, and of one from another message", async () => {
  const { at, notes } = stage();
  at.intake.deliver(delivery("c1"));
  at.end(at.mailbox[0], later(1_000));
  assert.deepEqual(notes.steps, ["c1 again after 1000: in place"]);
  const oneway = stage(Oneway, { capabilities: { delayMs: 60_000 } });
  const endless = { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" } as const;
  oneway.at.intake.deliver(delivery("c2", endless));
  oneway.at.end(oneway.at.mailbox[0], later(500));
  await turns();
  assert.deepEqual(oneway.notes.steps, ["c2 again after 500: sent again", "c2 left"]);
});

Deno.test("observers are told of a dead letter, and of a queue that is another's", async () => {
  const { at, notes } = stage();
  at.intake.deliver(delivery("c1"));
  const dead = { reason: "handler crashed", attempts: 1 };
  at.end(at.mailbox[0], { ok: false, error: new RpcError("internal", "It failed"), ran: "yes", dead });
  await turns();
  assert.deepEqual(notes.steps, ["c1 dead: handler crashed, 1", "c1 answered internal", "c1 left"]);
  at.intake.deliver(delivery("c2"));
  at.intake.lose("the lock is another's");
  assert.deepEqual(notes.steps.slice(3), ["c2 left"]);
});

Deno.test("observers are told of a stranger's call that goes on to its key's queue", async () => {
  const { at, notes } = stage(Keyed);
  let key = "k0";
  for (let number = 1; queueOfKey([0, 1, 2, 3], key) !== 1; number++) key = `k${number}`;
  const plain = { correlationId: "p1", ttlMs: 3_000, replyTo: "fake:java" };
  const body = new TextEncoder().encode(JSON.stringify(key));
  const { topic } = delivery("c0").message;
  const message = { topic, tag: "run", keys: ["p1"], headers: new Map<string, string>(), body, plain };
  at.intake.deliver(new FakeDelivery(message));
  await turns();
  assert.deepEqual(notes.steps, ["p1 again after 0: sent on", "p1 left"]);
});

Deno.test("observers are told of calls that expired while nobody served", () => {
  const { at, notes } = stage();
  at.clock.advance(10_000);
  at.intake.deliver(delivery("c1", { timeoutMs: 10 }));
  assert.deepEqual(notes.steps, ["c1 refused deadline_exceeded"]);
});

Deno.test("observers are told of a stream's end, not of its first item, as what answers it", async () => {
  const { at, notes, call } = await streaming();
  assert.equal(at.intake.unsettled, 0);
  assert.deepEqual(notes.steps, []);
  call.settle({ ok: true, output: undefined });
  await turns();
  assert.deepEqual(notes.steps, ["c1 answered ok", "c1 left"]);
});

Deno.test("observers are told of a stream whose queue is another's", async () => {
  const { at, notes } = await streaming();
  at.intake.lose("the lock is another's");
  await turns();
  assert.deepEqual(notes.steps, ["c1 answered unavailable", "c1 left"]);
});
