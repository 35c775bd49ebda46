import assert from "node:assert/strict";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { ServeTelemetry } from "../../../src/observe/served.ts";
import { readTraceParent } from "../../../src/observe/trace_headers.ts";
import { BEGIN_MS, ObserverStage, requestOf } from "../../helpers/observed.ts";

const TRACE_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const NAME = "test.Payments/transfer";

Deno.test("ServeTelemetry tells the time in the broker, in the mailbox, for the record and in the handler apart", () => {
  const { clock, meter, parts, tracer } = new ObserverStage();
  const observed = new ServeTelemetry(parts).received(requestOf({ trace: { traceparent: TRACE_PARENT } }));
  clock.advance(2);
  observed.recording();
  clock.advance(1);
  observed.started(1);
  clock.advance(4);
  observed.finished();
  observed.answered(undefined);
  clock.advance(0.5);
  observed.left();
  observed.left();
  const times = tracer.spans.map((
    { name, kind, startMs, endMs },
  ) => [name, kind, startMs - BEGIN_MS, (endMs ?? 0) - BEGIN_MS]);
  assert.deepEqual(times, [
    [NAME, SpanKind.SERVER, 0, 7.5],
    [`broker ${NAME}`, SpanKind.INTERNAL, -5, 0],
    [`mailbox ${NAME}`, SpanKind.INTERNAL, 0, 2],
    [`record ${NAME}`, SpanKind.INTERNAL, 2, 3],
    [`handler ${NAME}`, SpanKind.INTERNAL, 3, 7],
  ]);
  assert.deepEqual(tracer.spans.map(({ parent }) => parent?.spanId), [
    "b7ad6b7169203331",
    "b7ad6b7169203331",
    ...new Array(3).fill(tracer.one(NAME).spanContext().spanId),
  ]);
  assert.deepEqual(tracer.one(NAME).attributes, {
    "rpc.system.name": "rocket_actors",
    "rpc.method": NAME,
    "rpc.response.status_code": "ok",
    "messaging.system": "rocketmq",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "test-Payments",
    "messaging.destination.partition.id": "broker-a/3",
    "messaging.consumer.group.name": "rpc-test-Payments",
    "messaging.rocketmq.message.tag": "transfer",
    "messaging.message.conversation_id": "c1",
    "messaging.client.id": "test/1",
    "rocket_actors.caller": "caller/2",
    "rocket_actors.queue.offset": 7,
    "rocket_actors.message.calls": 2,
    "rocket_actors.attempt": 1,
    "rocket_actors.broker.duration": 0.005,
    "rocket_actors.mailbox.duration": 0.002,
    "rocket_actors.handler.duration": 0.004,
  });
  assert.deepEqual(meter.recorded.map(({ name, value }) => [name, value]), [
    ["rocket_actors.broker.duration", 0.005],
    ["rocket_actors.mailbox.duration", 0.002],
    ["rocket_actors.handler.duration", 0.004],
    ["rpc.server.call.duration", 0.0075],
  ]);
});

Deno.test("ServeTelemetry links each attempt to the one before, also one that ran elsewhere", () => {
  const { clock, meter, parts, tracer } = new ObserverStage();
  const earlier = "00-0af7651916cd43dd8448eb211c80319c-00000000000000ee-01";
  const observed = new ServeTelemetry(parts).received(
    requestOf({ trace: { traceparent: TRACE_PARENT, earlier }, attempt: 2 }),
  );
  observed.started(2);
  assert.equal(
    readTraceParent(observed.trace?.traceparent ?? "")?.traceId,
    readTraceParent(TRACE_PARENT)?.traceId,
  );
  const error = new Error("The ledger is closed");
  observed.finished({ error, how: "crashed" });
  clock.advance(1);
  observed.started(3);
  observed.finished({ error: new RpcError("not_found", "No such account"), how: "answered" });
  const [second, third] = tracer.all(`handler ${NAME}`);
  assert.deepEqual(second?.links.map((link) => link.context.spanId), ["00000000000000ee"]);
  assert.deepEqual(third?.links.map((link) => link.context.spanId), [second?.spanContext().spanId]);
  assert.deepEqual([second?.exceptions, second?.status.code], [[error], SpanStatusCode.ERROR]);
  assert.deepEqual([third?.exceptions, third?.status.code], [[], 0]);
  assert.deepEqual(
    [second?.attributes["rocket_actors.attempt"], third?.attributes["rocket_actors.attempt"]],
    [2, 3],
  );
  assert.equal(meter.values("rocket_actors.handler.duration", 2, "crashed").length, 1);
  assert.equal(meter.values("rocket_actors.handler.duration", 3, "not_found").length, 1);
  assert.equal(tracer.all(`mailbox ${NAME}`).length, 1);
});

Deno.test("ServeTelemetry makes a one-way call a CONSUMER span with its dead letter", () => {
  const { meter, parts, tracer } = new ObserverStage();
  const observed = new ServeTelemetry(parts).received(requestOf({ kind: "oneway" }));
  observed.started(1);
  observed.finished({ error: "bad", how: "crashed" });
  observed.dead("handler crashed", 1);
  observed.answered(new RpcError("internal", "The handler failed"));
  observed.left();
  const span = tracer.one(`process ${NAME}`);
  assert.deepEqual([span.kind, span.status.code], [SpanKind.CONSUMER, SpanStatusCode.ERROR]);
  assert.deepEqual(span.events, [{
    name: "dead_letter",
    attributes: { "rocket_actors.reason": "handler crashed", "rocket_actors.attempt": 1 },
    atMs: BEGIN_MS,
  }]);
  // Nobody else began its trace.
  assert.equal(tracer.parentOf(tracer.one(`broker ${NAME}`)), `process ${NAME}`);
  assert.deepEqual(meter.values("messaging.process.duration", "internal", "process"), [0]);
});

Deno.test("ServeTelemetry blames the callee only for what is its fault", () => {
  const { parts, tracer } = new ObserverStage();
  const services = new ServeTelemetry(parts);
  services.refused(requestOf(), new RpcError("invalid_argument", "Not a number"));
  services.refused(requestOf(), new RpcError("deadline_exceeded", "Too late"));
  const [refused, expired] = tracer.all(NAME);
  assert.deepEqual([refused?.status.code, refused?.attributes["error.type"]], [0, "invalid_argument"]);
  assert.deepEqual(expired?.status, { code: SpanStatusCode.ERROR, message: "Too late" });
  assert.equal(tracer.all(`handler ${NAME}`).length, 0);
});

Deno.test("ServeTelemetry gives methods that no contract has one name", () => {
  const { meter, parts, tracer } = new ObserverStage();
  const method = "x".repeat(100);
  new ServeTelemetry(parts).refused(
    requestOf({ method, known: false }),
    new RpcError("unimplemented", "No such method"),
  );
  const span = tracer.one("_OTHER");
  assert.equal(span.attributes["rpc.method"], "_OTHER");
  assert.equal(span.attributes["rpc.method_original"], `test.Payments/${"x".repeat(80)}`);
  assert.equal(meter.values("rpc.server.call.duration", "_OTHER", "unimplemented").length, 1);
});

Deno.test("ServeTelemetry says that a call went to another instance, and leaves its handler behind", () => {
  const { meter, parts, tracer } = new ObserverStage();
  const observed = new ServeTelemetry(parts).received(requestOf());
  observed.started(1);
  observed.left();
  observed.finished();
  const span = tracer.one(NAME);
  assert.deepEqual([span.status.code, span.attributes["error.type"]], [SpanStatusCode.ERROR, "withdrawn"]);
  assert.equal(span.attributes["rpc.response.status_code"], undefined);
  assert.equal(tracer.one(`handler ${NAME}`).attributes["error.type"], "abandoned");
  assert.equal(meter.values("rpc.server.call.duration", "withdrawn").length, 1);
});

Deno.test("ServeTelemetry takes a call that will be run again for no failure", () => {
  const { parts, tracer } = new ObserverStage();
  const observed = new ServeTelemetry(parts).received(requestOf({ kind: "oneway" }));
  observed.started(1);
  observed.finished({ error: new Error("later"), how: "answered" });
  observed.again(5_000, "sent again");
  observed.left();
  const span = tracer.one(`process ${NAME}`);
  assert.deepEqual([span.status.code, span.attributes["error.type"]], [0, undefined]);
  assert.deepEqual(span.events.map(({ name, attributes }) => [name, attributes]), [
    ["retry", { "rocket_actors.after_ms": 5_000, "rocket_actors.how": "sent again" }],
  ]);
  assert.equal(tracer.one(`handler ${NAME}`).attributes["error.type"], "retry_later");
});

Deno.test("ServeTelemetry hands a trace on that is not sampled, and records nothing of it", () => {
  const { meter, parts, tracer } = new ObserverStage();
  tracer.recording = false;
  const observed = new ServeTelemetry(parts).received(requestOf({ trace: { traceparent: TRACE_PARENT } }));
  observed.started(1);
  assert.match(observed.trace?.traceparent ?? "", /^00-0af7651916cd43dd8448eb211c80319c-.*-00$/);
  assert.equal(observed.within(() => 5), 5);
  observed.finished();
  observed.answered(undefined);
  observed.left();
  assert.deepEqual(tracer.spans.map(({ name, endMs }) => [name, endMs]), [[NAME, undefined]]);
  assert.equal(meter.recorded.length, 4);
});

Deno.test("ServeTelemetry only measures where nobody traces", () => {
  const { meter, parts } = new ObserverStage();
  const observed = new ServeTelemetry({ ...parts, tracer: undefined }).received(requestOf());
  observed.started(1);
  assert.equal(observed.trace, undefined);
  assert.equal(observed.within(() => trace.getSpan(context.active())), undefined);
  observed.finished();
  observed.left();
  assert.equal(meter.recorded.length, 4);
});

Deno.test("ServeTelemetry knows no broker where a call came past all queues", () => {
  const { meter, parts, tracer } = new ObserverStage();
  new ServeTelemetry(parts).received(requestOf({ queue: undefined }));
  assert.deepEqual(tracer.spans.map(({ name }) => name), [NAME]);
  assert.equal(tracer.one(NAME).attributes["messaging.system"], undefined);
  assert.deepEqual(meter.recorded, []);
});
