import assert from "node:assert/strict";
import { SpanKind } from "@opentelemetry/api";
import {
  actor,
  type Clock,
  createClient,
  createSystem,
  defineEntity,
  defineService,
  embedded,
  embeddedBroker,
  Health,
  method,
  RpcError,
  systemClock,
  type,
} from "rocket-actors";
import { HISTOGRAM, OBSERVED } from "../../../src/observe/instruments.ts";
import { isWanted } from "../../../src/observe/options.ts";
import { readTraceParent } from "../../../src/observe/trace_headers.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { RecordingMeter, RecordingTracer } from "../../helpers/recording_telemetry.ts";
import { assertFails, until } from "../../helpers/settled.ts";

const Payments = defineService("test.Payments", {
  transfer: method<string, string>({ idempotent: true }),
  notify: method.oneway<string>(),
  refuse: method({ errors: { Closed: type<void>() } }),
});
const Ledger = defineService("test.Ledger", { book: method<string, string>() });
const Account = defineEntity("test.Account", { deposit: method<number, number>() });

/** A system that keeps its telemetry. */
async function traced(clock: Clock = systemClock) {
  const tracer = new RecordingTracer();
  const meter = new RecordingMeter();
  const broker = embeddedBroker({ clock });
  const transport = embedded(broker);
  const telemetry = { tracerProvider: tracer, meterProvider: meter };
  const system = await createSystem({ name: "bank", transport, clock, telemetry });
  return { tracer, meter, broker, system };
}

Deno.test("createTelemetry links nested calls to the handler that makes them, by context or by scope", async () => {
  const { tracer, system, broker } = await traced();
  await system.serve(Ledger, { book: (entry) => entry });
  await system.serve(Payments, {
    transfer: (input, ctx) => ctx.client(Ledger).book(input),
    notify: () => {},
    refuse: () => undefined,
  });
  await system.client(Payments).transfer("x");
  await system.close();
  const parents = (name: string, kind: number) => tracer.parentOf(tracer.one(name, kind));
  assert.equal(parents("test.Payments/transfer", SpanKind.CLIENT), undefined);
  assert.equal(tracer.one("test.Payments/transfer", SpanKind.SERVER).parent?.isRemote, true);
  assert.equal(parents("test.Payments/transfer", SpanKind.SERVER), "test.Payments/transfer");
  assert.equal(parents("test.Ledger/book", SpanKind.CLIENT), "handler test.Payments/transfer");
  assert.equal(parents("test.Ledger/book", SpanKind.SERVER), "test.Ledger/book");
  assert.equal(new Set(tracer.spans.map((span) => span.spanContext().traceId)).size, 1);
  assert.ok(tracer.spans.every(({ endMs }) => endMs !== undefined));
  broker.close();
});

Deno.test("createTelemetry gives each call of a pack spans of its own", async () => {
  const { tracer, system, broker } = await traced();
  await system.serve(Ledger, { book: (entry) => entry });
  const ledger = system.client(Ledger);
  await Promise.all(Array.from({ length: 20 }, (_, index) => ledger.book(`${index}`)));
  await system.close();
  const callees = tracer.all("test.Ledger/book", SpanKind.SERVER);
  assert.equal(new Set(callees.map(({ parent }) => parent?.spanId)).size, 20);
  assert.ok(callees.some(({ attributes }) => Number(attributes["rocket_actors.message.calls"]) > 1));
  assert.ok(broker.messages("test-Ledger").some(({ message }) => message.headers.get("rpc-kind") === "pack"));
  broker.close();
});

Deno.test("createTelemetry follows a one-way call to its second attempt, and to its dead letter", async () => {
  const { meter, tracer, system, broker } = await traced();
  const attempts: number[] = [];
  await system.serve(Payments, {
    transfer: (input) => input,
    notify: (_text, ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt === 1) throw ctx.retryAfter(1);
      throw new Error("The printer is on fire");
    },
    refuse: () => undefined,
  });
  await system.client(Payments).notify("x");
  await until(() => meter.now("rocket_actors.service.dead_letters", "test.Payments") === 1);
  await system.close();
  assert.deepEqual(attempts, [1, 2]);
  const [first, second] = tracer.all("handler test.Payments/notify");
  assert.deepEqual(second?.links.map((link) => link.context.spanId), [first?.spanContext().spanId]);
  const [retried, buried] = tracer.all("process test.Payments/notify");
  assert.deepEqual([retried?.parent?.spanId, buried?.parent?.spanId], [
    tracer.one("send test.Payments/notify").spanContext().spanId,
    tracer.one("send test.Payments/notify").spanContext().spanId,
  ]);
  assert.deepEqual(retried?.events.map(({ name }) => name), ["retry"]);
  assert.deepEqual(buried?.events.map(({ name }) => name), ["dead_letter"]);
  const [letter] = broker.messages("%DLQ%rpc-test-Payments");
  const traceId = tracer.one("send test.Payments/notify").spanContext().traceId;
  assert.equal(readTraceParent(letter?.message.headers.get("traceparent") ?? "")?.traceId, traceId);
  broker.close();
});

Deno.test("createTelemetry shows a crash that is run again in place: two attempts, linked", async () => {
  const { tracer, system, broker } = await traced();
  await system.serve(Payments, {
    transfer: (input, ctx) => {
      if (ctx.attempt === 1) throw new Error("Once");
      return input;
    },
    notify: () => {},
    refuse: (_input, ctx) => {
      throw ctx.error("Closed");
    },
  });
  assert.equal(await system.client(Payments).transfer("x"), "x");
  await assertFails(system.client(Payments).refuse(), "failed_precondition", "replied");
  await system.close();
  const [first, second] = tracer.all("handler test.Payments/transfer");
  assert.deepEqual(second?.links.map((link) => link.context.spanId), [first?.spanContext().spanId]);
  assert.equal(first?.attributes["error.type"], "crashed");
  assert.equal(tracer.one("test.Payments/refuse", SpanKind.SERVER).status.code, 0);
  assert.equal(tracer.one("test.Payments/refuse", SpanKind.CLIENT).status.code, 2);
  broker.close();
});

Deno.test("createTelemetry ends the span of a call that was refused before it was sent", async () => {
  const { meter, tracer, system, broker } = await traced();
  await assertFails(system.client(Ledger).book("x"), "unavailable", "not_sent");
  const aborted = AbortSignal.abort();
  await assertFails(system.client(Ledger).book("x", { signal: aborted }), "cancelled", "not_sent");
  const spans = tracer.all("test.Ledger/book");
  assert.deepEqual(spans.map(({ attributes }) => attributes["rocket_actors.outcome"]), [
    "not_sent",
    "not_sent",
  ]);
  assert.ok(spans.every(({ endMs }) => endMs !== undefined));
  assert.equal(meter.values("rpc.client.call.duration", "not_sent").length, 2);
  assert.equal(meter.now("rocket_actors.client.active_calls", "test.Ledger/book"), 0);
  await system.close();
  broker.close();
});

Deno.test("createTelemetry shows calls by instance, which no broker has seen", async () => {
  const { tracer, system, broker } = await traced();
  await system.client(Health, { instance: system.address }).ping();
  await until(() => tracer.one("rocket.Health/ping", SpanKind.SERVER).endMs !== undefined);
  assert.equal(tracer.parentOf(tracer.one("rocket.Health/ping", SpanKind.SERVER)), "rocket.Health/ping");
  assert.equal(tracer.all("broker rocket.Health/ping").length, 0);
  await system.close();
  broker.close();
});

Deno.test("createTelemetry shows calls that expired, and what no handler may see", async () => {
  const clock = new ManualClock();
  const { tracer, system, broker } = await traced(clock);
  const asked = defineService("test.Ledger", {
    book: method<string, string>({ whenAbsent: "wait" }),
    close: method<void, void>({ whenAbsent: "wait" }),
  });
  // The topic is there, and nobody serves it.
  await (await system.serve(Ledger, { book: (entry) => entry })).stop();
  const late = system.client(asked, { timeoutMs: 20 }).book("x");
  await until(() => broker.messages("test-Ledger").length === 1);
  // More than the skew that a callee forgives a clock that it does not know.
  clock.advance(1_000);
  await assertFails(late, "deadline_exceeded", "sent_unknown");
  await system.serve(Ledger, { book: (entry) => entry });
  await assertFails(system.client(asked).close(), "unimplemented", "rejected");
  await until(() => tracer.all("test.Ledger/book", SpanKind.SERVER).length === 1);
  await system.close();
  const codes = ["test.Ledger/book", "_OTHER"].map((name) => {
    const { attributes, parent } = tracer.one(name, SpanKind.SERVER);
    assert.equal(parent?.isRemote, true);
    return attributes["rpc.response.status_code"];
  });
  assert.deepEqual(codes, ["deadline_exceeded", "unimplemented"]);
  assert.ok(tracer.all("handler test.Ledger/book").length === 0);
  broker.close();
});

Deno.test("createTelemetry reads what the tree counts, per method, key and queue", async () => {
  const { meter, system, broker } = await traced();
  const gate = Promise.withResolvers<string>();
  await system.serve(Ledger, { book: actor(() => () => gate.promise) });
  await system.serve(Account, () => ({ deposit: (cents) => cents }));
  const ledger = system.client(Ledger);
  const calls = [1, 2, 3].map((entry) => ledger.book(`${entry}`));
  await until(() => meter.now("rocket_actors.mailbox.calls", "test.Ledger/book") === 2);
  assert.equal(meter.now("rocket_actors.handler.running", "test.Ledger/book"), 1);
  assert.equal(meter.now("rocket_actors.client.active_calls", "test.Ledger/book"), 3);
  assert.equal(meter.now("rocket_actors.service.unsettled", "test.Ledger"), 3);
  const lag = meter.collect().filter(({ name }) => name === "rocket_actors.queue.lag");
  const behind = lag.filter(({ value }) => value > 0);
  assert.deepEqual(behind.map(({ attributes }) => attributes["rocket_actors.contract"]), ["test.Ledger"]);
  assert.match(String(behind[0]?.attributes["messaging.destination.partition.id"]), /^embedded\/\d+$/);
  gate.resolve("done");
  await Promise.all(calls);
  await until(() => meter.now("rocket_actors.service.unsettled", "test.Ledger") === 0);
  await system.client(Account).at("a").deposit(5);
  assert.equal(meter.now("rocket_actors.entity.cells", "test.Account/*"), 1);
  assert.equal(meter.now("rocket_actors.handler.running", "test.Account/*"), 0);
  assert.equal(meter.now("rocket_actors.service.events", "test.Ledger", "expired_unanswered"), 0);
  await system.close();
  assert.equal(meter.callbacks.size, 0);
  broker.close();
});

Deno.test("createTelemetry counts crashes and restarts", async () => {
  const { meter, system, broker } = await traced();
  await system.serve(
    Ledger,
    {
      book: actor(() => () => {
        throw new Error("Closed");
      }),
    },
    { supervision: { backoff: { initialMs: 1, maxMs: 1 } } },
  );
  await assertFails(system.client(Ledger).book("x"), "internal", "replied");
  await until(() => meter.now("rocket_actors.actor.restarts", "test.Ledger/book") === 1);
  assert.equal(meter.now("rocket_actors.handler.crashes", "test.Ledger/book"), 1);
  assert.equal(meter.values("rocket_actors.handler.duration", 1, "crashed").length, 1);
  await system.close();
  broker.close();
});

Deno.test("createTelemetry keeps keys and ids out of metrics", async () => {
  const { meter, system, broker } = await traced();
  await system.serve(Account, () => ({ deposit: (cents) => cents }));
  for (const key of ["key-1", "key-2"]) await system.client(Account).at(key).deposit(5);
  const points = [...meter.recorded, ...meter.collect()];
  const specs = new Map(Object.values({ ...HISTOGRAM, ...OBSERVED }).map(({ name, by }) => [name, by]));
  for (const { name, attributes } of points) {
    const known = ["rpc.system.name", ...specs.get(name) ?? []];
    assert.deepEqual(Object.keys(attributes).filter((each) => !known.includes(each)), [], name);
  }
  const text = JSON.stringify(points);
  assert.doesNotMatch(text, /key-1/);
  assert.doesNotMatch(text, new RegExp(system.instance));
  assert.doesNotMatch(text, /[0-9a-f]{8}-[0-9a-f]{4}-7/);
  await system.close();
  broker.close();
});

Deno.test("createTelemetry keeps systems with providers of their own apart, and records nothing where it must not", async () => {
  const broker = embeddedBroker();
  const callee = new RecordingTracer();
  const caller = new RecordingTracer();
  const system = await createSystem({
    name: "bank",
    transport: embedded(broker),
    telemetry: { tracerProvider: callee },
  });
  await system.serve(Ledger, { book: (entry) => entry });
  const client = await createClient({ transport: embedded(broker), telemetry: { tracerProvider: caller } });
  const silent = await createClient({ transport: embedded(broker), telemetry: false });
  await client.client(Ledger).book("x");
  await silent.client(Ledger).book("y");
  await client.close();
  await silent.close();
  await system.close();
  assert.deepEqual(caller.spans.map(({ name, kind }) => [name, kind]), [[
    "test.Ledger/book",
    SpanKind.CLIENT,
  ]]);
  const [first, second] = callee.all("test.Ledger/book", SpanKind.SERVER);
  assert.equal(first?.parent?.spanId, caller.spans[0]?.spanContext().spanId);
  assert.equal(second?.parent, undefined);
  broker.close();
});

Deno.test("createTelemetry lets a handler that answers an error of its own end the trace as it is", async () => {
  const { tracer, system, broker } = await traced();
  await system.serve(Ledger, {
    book: () => {
      throw new RpcError("unavailable", "The ledger is being counted");
    },
  });
  await assertFails(system.client(Ledger).book("x"), "unavailable", "replied");
  await system.close();
  assert.equal(tracer.one("handler test.Ledger/book").attributes["error.type"], "unavailable");
  assert.equal(tracer.one("test.Ledger/book", SpanKind.SERVER).status.message, "The ledger is being counted");
  broker.close();
});

Deno.test("createTelemetry refuses what is no provider of OpenTelemetry", async () => {
  for (
    const [telemetry, option] of [
      [{ tracerProvider: { getTracer: () => ({}) } }, "tracerProvider"],
      [{ meterProvider: { getMeter: () => ({ createHistogram: () => {} }) } }, "meterProvider"],
    ] as const
  ) {
    await assert.rejects(createSystem({ name: "bank", transport: embedded(), telemetry }), {
      name: "TypeError",
      message: `Cannot use the '${option}': it must be one of "@opentelemetry/api" 1`,
    });
  }
});

Deno.test("isWanted looks for providers, given or registered", () => {
  const registry = Symbol.for("opentelemetry.js.api.1");
  assert.equal(Reflect.get(globalThis, registry), undefined);
  assert.equal(isWanted(undefined), false);
  assert.equal(isWanted({}), false);
  assert.equal(isWanted({ meterProvider: new RecordingMeter() }), true);
  try {
    for (
      const [registered, wanted] of [[{}, false], [{ trace: {} }, true], [{ metrics: {} }, true]] as const
    ) {
      Reflect.set(globalThis, registry, registered);
      assert.deepEqual([isWanted({}), isWanted(false)], [wanted, false]);
    }
  } finally {
    Reflect.deleteProperty(globalThis, registry);
  }
});
