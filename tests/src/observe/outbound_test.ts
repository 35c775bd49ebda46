import assert from "node:assert/strict";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Call } from "../../../src/call/call.ts";
import type { CallScope } from "../../../src/call/scope.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { CallTelemetry } from "../../../src/observe/outbound.ts";
import { SpanTrace } from "../../../src/observe/trace_headers.ts";
import { BEGIN_MS, ObserverStage } from "../../helpers/observed.ts";

const Payments = defineService("test.Payments", {
  transfer: method<string, string>(),
  notify: method.oneway<string>(),
});
const QUEUE = { topic: "test-Payments", broker: "broker-a", id: 3 };

function callOf(name: "transfer" | "notify"): Call {
  const { kind, settings } = Payments.methods[name];
  return { contract: Payments, method: name, kind, settings, key: undefined, input: "x", options: {} };
}

function scopeOf(headers: CallScope["trace"]): CallScope {
  return { deadline: Infinity, signal: new AbortController().signal, path: [], trace: headers };
}

Deno.test("CallTelemetry makes a call that waits a CLIENT span, from the proxy to its end", () => {
  const { clock, meter, parts, tracer } = new ObserverStage();
  const observed = new CallTelemetry(parts).called(callOf("transfer"), undefined);
  const span = tracer.one("test.Payments/transfer", SpanKind.CLIENT);
  assert.equal(observed.trace?.traceparent, `00-${span.spanContext().traceId}-0000000000000001-01`);
  clock.advance(1.5);
  observed.sent("c1", 1, QUEUE);
  clock.advance(1);
  observed.ended(undefined);
  assert.deepEqual([span.startMs, span.endMs, span.status.code], [BEGIN_MS, BEGIN_MS + 2.5, 0]);
  assert.deepEqual(span.attributes, {
    "rpc.system.name": "rocket_actors",
    "rpc.method": "test.Payments/transfer",
    "rpc.response.status_code": "ok",
    "messaging.system": "rocketmq",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": "test-Payments",
    "messaging.destination.partition.id": "broker-a/3",
    "messaging.rocketmq.message.tag": "transfer",
    "messaging.message.conversation_id": "c1",
    "messaging.client.id": "test/1",
  });
  const sent = { name: "sent", attributes: { "rocket_actors.attempt": 1 }, atMs: BEGIN_MS + 1.5 };
  assert.deepEqual(span.events, [sent]);
  assert.deepEqual(meter.values("rpc.client.call.duration", "test.Payments/transfer", "ok"), [0.0025]);
});

Deno.test("CallTelemetry makes a one-way call a PRODUCER span, and measures it as messages are", () => {
  const { meter, parts, tracer } = new ObserverStage();
  new CallTelemetry(parts).called(callOf("notify"), undefined).ended(undefined);
  assert.equal(tracer.one("send test.Payments/notify").kind, SpanKind.PRODUCER);
  assert.deepEqual(
    meter.values("messaging.client.operation.duration", "test.Payments/notify", "send", "rocketmq"),
    [0],
  );
  assert.deepEqual(meter.values("rpc.client.call.duration"), []);
});

Deno.test("CallTelemetry says how a call failed, and how often it was sent again", () => {
  const { clock, meter, parts, tracer } = new ObserverStage();
  const observed = new CallTelemetry(parts).called(callOf("transfer"), undefined);
  const { attributes } = parts.series.of("test.Payments", "transfer");
  assert.equal(parts.series.of("test.Payments", "transfer").active, 1);
  observed.again(new RpcError("unavailable", "Busy", { outcome: "rejected" }));
  clock.advance(50);
  observed.ended(new RpcError("deadline_exceeded", "Too late", { outcome: "sent_unknown" }));
  const span = tracer.one("test.Payments/transfer");
  assert.deepEqual(span.status, { code: SpanStatusCode.ERROR, message: "Too late" });
  assert.equal(span.attributes["error.type"], "deadline_exceeded");
  assert.equal(span.attributes["rocket_actors.outcome"], "sent_unknown");
  assert.deepEqual(span.events.map(({ name, attributes }) => [name, attributes]), [
    ["retry", { "rpc.response.status_code": "unavailable", "rocket_actors.outcome": "rejected" }],
  ]);
  assert.deepEqual(meter.recorded, [{
    name: "rpc.client.call.duration",
    value: 0.05,
    attributes: {
      ...attributes,
      "rpc.response.status_code": "deadline_exceeded",
      "error.type": "deadline_exceeded",
      "rocket_actors.outcome": "sent_unknown",
    },
  }]);
  const { active, resends } = parts.series.of("test.Payments", "transfer");
  assert.deepEqual([active, resends], [0, 1]);
});

Deno.test("CallTelemetry makes a nested call a child of the handler that makes it", () => {
  const { parts, tracer } = new ObserverStage();
  const calls = new CallTelemetry(parts);
  const handler = tracer.startSpan("handler", {}, ROOT_CONTEXT);
  calls.called(callOf("transfer"), scopeOf(new SpanTrace(trace.setSpan(ROOT_CONTEXT, handler))));
  assert.equal(tracer.parentOf(tracer.one("test.Payments/transfer")), "handler");
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  calls.called(callOf("notify"), scopeOf({ traceparent, tracestate: "a=b", baggage: "tenant=t1" }));
  const span = tracer.one("send test.Payments/notify");
  assert.deepEqual([span.parent?.spanId, span.parent?.isRemote], ["b7ad6b7169203331", true]);
});

Deno.test("CallTelemetry hands on the state of a trace and its baggage", () => {
  const { parts } = new ObserverStage();
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const around = scopeOf({ traceparent, tracestate: "a=b", baggage: "tenant=t1" });
  const { trace: headers } = new CallTelemetry(parts).called(callOf("transfer"), around);
  assert.match(headers?.traceparent ?? "", /^00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01$/);
  assert.deepEqual([headers?.tracestate, headers?.baggage], ["a=b", "tenant=t1"]);
});

Deno.test("CallTelemetry hands a trace on that is not sampled, and records nothing of it", () => {
  const { meter, parts, tracer } = new ObserverStage();
  tracer.recording = false;
  const observed = new CallTelemetry(parts).called(callOf("transfer"), undefined);
  assert.match(observed.trace?.traceparent ?? "", /-00$/);
  observed.sent("c1", 1, QUEUE);
  observed.ended(undefined);
  const span = tracer.one("test.Payments/transfer");
  assert.deepEqual([span.events, span.endMs], [[], undefined]);
  assert.equal(meter.values("rpc.client.call.duration").length, 1);
});

Deno.test("CallTelemetry leaves the trace alone where nobody traces", () => {
  const { meter, parts } = new ObserverStage();
  const observed = new CallTelemetry({ ...parts, tracer: undefined }).called(callOf("transfer"), undefined);
  assert.equal(observed.trace, undefined);
  observed.ended(undefined);
  assert.equal(meter.values("rpc.client.call.duration").length, 1);
});
