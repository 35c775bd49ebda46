import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import { readRequest } from "../../../src/envelope/request.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { copyOf, Resends, sentAgain } from "../../../src/server/resends.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ServeTelemetry } from "../../../src/observe/served.ts";
import { ObserverStage, requestOf as observedRequestOf } from "../../helpers/observed.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

const NOW = 1_700_000_000_000;
const REQUEST = requestOf("c1", {
  chain: ["bank.Payments/pay"],
  trace: { traceparent: "00-1-2-03", tracestate: "a=b", baggage: "c=d" },
  idempotencyKey: "Schlüssel",
  userHeaders: new Map([["tenant", "t 1"]]),
  attempt: 2,
  started: true,
});

Deno.test("copyOf keeps everything of a request but attempt, start and the time that is left", () => {
  const original = messageOf(REQUEST);
  const message = { ...original, headers: new Map([...original.headers, ["rpc-lane", "blue"]]) };
  const delivery = new FakeDelivery(message);
  const call = { request: REQUEST, method: "run", delivery, deadlineMs: NOW + 4_000 };
  const copy = copyOf(call, { attempt: 3, started: false, delayMs: 1_500 }, NOW);
  assert.deepEqual([copy.topic, copy.tag, copy.keys, copy.body], [
    "test-Service",
    "run",
    ["c1"],
    message.body,
  ]);
  const read = readRequest(copy.headers, copy.headers, copy.body);
  assert.deepEqual(read, { ...REQUEST, attempt: 3, started: undefined, timeoutMs: 2_500 });
  assert.equal(copy.headers.get("rpc-lane"), "blue");
  assert.ok(!copy.headers.has(HEADER.started));
});

Deno.test("copyOf makes one request of a call of a pack", () => {
  const pack = packOf([requestOf("c0"), REQUEST]);
  const call = { request: REQUEST, method: "run", delivery: new FakeDelivery(pack), deadlineMs: NOW + 10 };
  const copy = copyOf(call, { attempt: 1, started: true, delayMs: 0 }, NOW);
  assert.equal(copy.headers.get(HEADER.kind), "request");
  const read = readRequest(copy.headers, copy.headers, copy.body);
  assert.deepEqual(read, { ...REQUEST, attempt: 1, started: true, timeoutMs: 10 });
});

Deno.test("copyOf gives a call without deadline none, and one whose time is up the least", () => {
  const oneway = requestOf("c1", { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity, replyTo: "" });
  const how = { attempt: 1, started: true, delayMs: 0 };
  const delivery = new FakeDelivery(messageOf(oneway));
  const endless = copyOf({ request: oneway, method: "run", delivery, deadlineMs: Infinity }, how, NOW);
  assert.equal(readRequest(endless.headers, endless.headers, endless.body).timeoutMs, Infinity);
  const late = copyOf({ request: REQUEST, method: "run", delivery, deadlineMs: NOW - 5_000 }, how, NOW);
  assert.equal(late.headers.get(HEADER.timeout), "1");
});

Deno.test("sentAgain says which attempt was before, where somebody follows the call", () => {
  const message = messageOf(REQUEST);
  const facts = {
    request: REQUEST,
    method: "run",
    delivery: new FakeDelivery(message),
    deadlineMs: NOW + 10,
  };
  const { parts } = new ObserverStage();
  const observed = new ServeTelemetry(parts).received(observedRequestOf());
  assert.equal(sentAgain({ facts, observed: undefined }), facts);
  // Its handler has not begun.
  assert.equal(sentAgain({ facts, observed }), facts);
  observed.started(1);
  const copy = copyOf(sentAgain({ facts, observed }), { attempt: 2, started: false, delayMs: 0 }, NOW);
  assert.equal(copy.headers.get("traceparent"), REQUEST.trace?.traceparent);
  assert.equal(copy.headers.get(HEADER.earlier), observed.trace?.traceparent);
  const stranger = { ...facts, request: { ...REQUEST, trace: undefined } };
  assert.equal(sentAgain({ facts: stranger, observed }), stranger);
});

Deno.test("Resends store a call in the queue that it came from, and try until that is done", async () => {
  const clock = new ManualClock();
  const transport = new FakeTransport();
  const resends = new Resends(transport, clock, () => 0.5);
  const delivery = new FakeDelivery(messageOf(REQUEST));
  const call = { request: REQUEST, method: "run", delivery, deadlineMs: NOW + 10_000 };
  let failures = 2;
  transport.onSend = () => failures-- > 0 ? Promise.reject(new Error("down")) : Promise.resolve();
  const records = await recordLogs(async () => {
    const stored = resends.store(call, { attempt: 2, started: false, delayMs: 3_000 }, () => true);
    for (const ms of [0, 25, 50]) {
      clock.advance(ms);
      await turns();
    }
    assert.equal(await stored, "stored");
  });
  assert.deepEqual(eventsOf(records), [EVENTS.callee.sendAgainFailed, EVENTS.callee.sendAgainFailed]);
  assert.deepEqual(
    transport.sent.map(({ queue, delayMs }) => [queue, delayMs]),
    Array(3).fill([delivery.queue, 3_000]),
  );
  // Each try says what is left when it is made.
  assert.deepEqual(transport.sent.map(({ message }) => message.headers.get(HEADER.timeout)), [
    "7000",
    "6975",
    "6925",
  ]);
  assert.equal(clock.timers, 0);
});

Deno.test("Resends stop when the call is another's to settle, and when they are closed", async () => {
  const clock = new ManualClock();
  const transport = new FakeTransport();
  transport.onSend = () => Promise.reject(new Error("down"));
  const resends = new Resends(transport, clock, () => 0.5);
  const delivery = new FakeDelivery(messageOf(REQUEST));
  const call = { request: REQUEST, method: "run", delivery, deadlineMs: Infinity };
  const how = { attempt: 1, started: false, delayMs: 0 };
  let wanted = true;
  const first = resends.store(call, how, () => wanted);
  await turns();
  wanted = false;
  clock.advance(25);
  assert.equal(await first, "given up");
  const second = resends.store(call, how, () => true);
  await turns();
  resends.close();
  assert.deepEqual([await second, clock.timers], ["given up", 0]);
  assert.equal(await resends.store(call, how, () => true), "given up");
});
