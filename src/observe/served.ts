import type { TraceHeaders } from "../call/inbound.ts";
import type { ObservedRequest, ObservedService, ServeObserver } from "../call/observer.ts";
import { groupOf } from "../call/plan.ts";
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
  type Tracer,
} from "../deps/opentelemetry.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { ATTRIBUTE, MESSAGING_SYSTEM, OTHER, RPC_SYSTEM, SPAN_EVENT, SPAN_NAME } from "./attributes.ts";
import type { ObserverParts } from "./outbound.ts";
import type { MethodSeries } from "./series.ts";
import { isCalleeFault, markFailed } from "./status.ts";
import { readTrace, readTraceParent, SpanTrace } from "./trace_headers.ts";

/** What went wrong with a call that left this instance without an answer: its queue is another's by now. */
const WITHDRAWN = "withdrawn";

/** How the run of a handler ended that did not answer. */
type Thrown = Exclude<Parameters<ObservedService["finished"]>[0], undefined>;

/** Traces and measures the calls that are served. */
export class ServeTelemetry implements ServeObserver {
  readonly #parts: ObserverParts;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  received(request: ObservedRequest): ObservedService {
    return new ServedTelemetry(request, this.#parts);
  }

  refused(request: ObservedRequest, error: RpcError): void {
    const served = new ServedTelemetry(request, this.#parts);
    served.answered(error);
    served.left();
  }
}

/**
 * One call that is served: a `SERVER`, or for a one-way call a `CONSUMER`, from its receipt until nothing is left to do
 * for it. Spans of their own show its time in the broker, in the mailbox and in each run of its handler.
 */
class ServedTelemetry implements ObservedService {
  readonly #parts: ObserverParts;
  readonly #series: MethodSeries;
  readonly #oneway: boolean;
  readonly #receivedAtMs: number;
  /** The caller's span, or none. */
  readonly #around: Context | undefined;
  readonly #span: Span | undefined;
  readonly #context: Context | undefined;
  /** Of the attempt that runs, or ran last. */
  #attempt: Span | undefined;
  #attemptTrace: SpanTrace | undefined;
  #earlier: SpanContext | undefined;
  #attempts = 0;
  #startedAtMs: number | undefined;
  #recordingAtMs: number | undefined;
  /** Time in its handler so far, in milliseconds. */
  #ranMs = 0;
  #mailboxMs: number | undefined;
  #answer: { readonly error: RpcError | undefined } | undefined;
  #again = false;
  #over = false;

  constructor(request: ObservedRequest, parts: ObserverParts) {
    const { contract, method, known, kind, storedAtMs, queue } = request;
    this.#parts = parts;
    this.#oneway = kind === "oneway";
    this.#series = parts.series.of(contract, method, known);
    const nowMs = this.#receivedAtMs = parts.clock.now();
    const brokerMs = Math.max(0, nowMs - storedAtMs);
    if (queue !== undefined) {
      parts.histograms?.broker.record(brokerMs / 1_000, this.#series.attributes);
    }
    if (parts.tracer === undefined) return;
    const around = this.#around = readTrace(request.trace);
    const name = this.#oneway ? SPAN_NAME.process + this.#series.name : this.#series.name;
    const attributes = attributesOf(request, this.#series.name, parts.self, brokerMs);
    const options = {
      kind: this.#oneway ? SpanKind.CONSUMER : SpanKind.SERVER,
      startTime: nowMs,
      attributes,
    };
    const span = parts.tracer.startSpan(name, options, around);
    this.#context = trace.setSpan(around, span);
    this.#earlier = earlierOf(request.trace);
    if (!span.isRecording()) return;
    this.#span = span;
    if (queue !== undefined) this.#phase(SPAN_NAME.broker, nowMs - brokerMs, nowMs, this.#above);
  }

  get trace(): TraceHeaders | undefined {
    return this.#attemptTrace;
  }

  recording(): void {
    this.#leftMailbox(this.#recordingAtMs = this.#parts.clock.now());
  }

  started(attempt: number): void {
    const nowMs = this.#startedAtMs = this.#parts.clock.now();
    this.#attempts = attempt;
    if (this.#recordingAtMs === undefined) this.#leftMailbox(nowMs);
    else this.#phase(SPAN_NAME.record, this.#recordingAtMs, nowMs);
    this.#recordingAtMs = undefined;
    const { tracer } = this.#parts;
    if (tracer === undefined || this.#context === undefined) return;
    this.#attempt = this.#span && this.#startAttempt(tracer, this.#context, attempt, nowMs);
    this.#attemptTrace = new SpanTrace(
      this.#attempt === undefined ? this.#context : trace.setSpan(this.#context, this.#attempt),
    );
  }

  within<T>(work: () => T): T {
    return this.#attemptTrace === undefined ? work() : context.with(this.#attemptTrace.context, work);
  }

  finished(thrown?: Thrown): void {
    if (this.#startedAtMs === undefined) return;
    const nowMs = this.#parts.clock.now();
    const ranMs = nowMs - this.#startedAtMs;
    this.#startedAtMs = undefined;
    this.#ranMs += ranMs;
    const errorType = thrown && typeOf(thrown);
    const attributes = this.#series.attempt(this.#attempts, errorType);
    this.#parts.histograms?.handler.record(ranMs / 1_000, attributes, this.#attemptTrace?.context);
    const span = this.#attempt;
    if (span === undefined) return;
    this.#earlier = span.spanContext();
    if (thrown !== undefined && errorType !== undefined) {
      span.setAttribute(ATTRIBUTE.errorType, errorType);
      if (thrown.how !== "answered") describe(span, thrown, nowMs);
    }
    span.end(nowMs);
    this.#attempt = undefined;
  }

  again(afterMs: number, how: string): void {
    this.#again = true;
    const attributes = { [ATTRIBUTE.afterMs]: afterMs, [ATTRIBUTE.how]: how };
    this.#span?.addEvent(SPAN_EVENT.retry, attributes, this.#parts.clock.now());
  }

  dead(reason: string, attempts: number): void {
    const attributes = { [ATTRIBUTE.reason]: reason, [ATTRIBUTE.attempt]: attempts };
    this.#span?.addEvent(SPAN_EVENT.deadLetter, attributes, this.#parts.clock.now());
  }

  answered(error: RpcError | undefined): void {
    this.#answer ??= { error };
  }

  left(): void {
    if (this.#over) return;
    this.#over = true;
    // A handler may still run whose queue has gone.
    if (this.#startedAtMs !== undefined) this.finished({ error: undefined, how: "abandoned" });
    const { clock, histograms } = this.#parts;
    const nowMs = clock.now();
    const code = this.#answer === undefined ? undefined : this.#answer.error?.code ?? "ok";
    const errorType = this.#answer === undefined && !this.#again ? WITHDRAWN : this.#answer?.error?.code;
    if (histograms !== undefined) {
      const histogram = this.#oneway ? histograms.process : histograms.serverCall;
      const attributes = this.#oneway
        ? this.#series.told("process", code, errorType)
        : this.#series.ended(code, errorType, undefined);
      histogram.record((nowMs - this.#receivedAtMs) / 1_000, attributes, this.#context);
    }
    if (this.#span !== undefined) this.#endSpan(this.#span, code, errorType, nowMs);
  }

  /** Whose child the time in the broker is: the caller's span, which began it, where there is one. */
  get #above(): Context | undefined {
    const around = this.#around;
    return around !== undefined && trace.getSpanContext(around) !== undefined ? around : this.#context;
  }

  #leftMailbox(nowMs: number): void {
    if (this.#mailboxMs !== undefined) return;
    this.#mailboxMs = nowMs - this.#receivedAtMs;
    this.#parts.histograms?.mailbox.record(this.#mailboxMs / 1_000, this.#series.attributes);
    this.#phase(SPAN_NAME.mailbox, this.#receivedAtMs, nowMs);
  }

  /** Shows where time went, once it is over. */
  #phase(name: string, fromMs: number, untilMs: number, above = this.#context): void {
    if (this.#span === undefined) return;
    const attributes = { [ATTRIBUTE.method]: this.#series.name };
    this.#parts.tracer?.startSpan(name + this.#series.name, { startTime: fromMs, attributes }, above)
      .end(untilMs);
  }

  #startAttempt(tracer: Tracer, above: Context, attempt: number, startTime: number): Span {
    const attributes = { [ATTRIBUTE.method]: this.#series.name, [ATTRIBUTE.attempt]: attempt };
    const links: Link[] = this.#earlier === undefined ? [] : [{ context: this.#earlier }];
    return tracer.startSpan(SPAN_NAME.handler + this.#series.name, { startTime, attributes, links }, above);
  }

  #endSpan(span: Span, code: string | undefined, errorType: string | undefined, nowMs: number): void {
    if (code !== undefined) span.setAttribute(ATTRIBUTE.code, code);
    if (errorType !== undefined) span.setAttribute(ATTRIBUTE.errorType, errorType);
    if (this.#mailboxMs !== undefined) span.setAttribute(ATTRIBUTE.mailboxSeconds, this.#mailboxMs / 1_000);
    if (this.#attempts > 0) {
      span.setAttribute(ATTRIBUTE.handlerSeconds, this.#ranMs / 1_000);
      span.setAttribute(ATTRIBUTE.attempt, this.#attempts);
    }
    const error = this.#answer?.error;
    if (error !== undefined && isCalleeFault(error.code)) markFailed(span, error.message);
    else if (errorType === WITHDRAWN) markFailed(span, "Its queue was lost or handed over");
    span.end(nowMs);
  }
}

function attributesOf(request: ObservedRequest, name: string, self: string, brokerMs: number): Attributes {
  const { contract, method, queue, calls, caller } = request;
  const attributes: Attributes = {
    [ATTRIBUTE.system]: RPC_SYSTEM,
    [ATTRIBUTE.method]: name,
    [ATTRIBUTE.callId]: request.callId,
    [ATTRIBUTE.client]: self,
  };
  if (name === OTHER) attributes[ATTRIBUTE.methodOriginal] = `${contract}/${method.slice(0, 80)}`;
  if (caller !== undefined) attributes[ATTRIBUTE.caller] = caller;
  if (queue === undefined) return attributes;
  return {
    ...attributes,
    [ATTRIBUTE.messaging]: MESSAGING_SYSTEM,
    [ATTRIBUTE.operation]: "process",
    [ATTRIBUTE.operationType]: "process",
    [ATTRIBUTE.topic]: queue.topic,
    [ATTRIBUTE.tag]: method,
    [ATTRIBUTE.queue]: `${queue.broker}/${queue.id}`,
    [ATTRIBUTE.offset]: request.offset,
    [ATTRIBUTE.group]: groupOf(contract),
    [ATTRIBUTE.calls]: calls,
    [ATTRIBUTE.brokerSeconds]: brokerMs / 1_000,
  };
}

function typeOf({ error, how }: Thrown): string {
  if (how !== "answered") return how;
  return error instanceof RpcError ? error.code : "retry_later";
}

function describe(span: Span, { error, how }: Thrown, nowMs: number): void {
  if (how === "abandoned") return markFailed(span, "The handler was left behind");
  const exception = error instanceof Error ? error : String(error);
  span.recordException(exception, nowMs);
  markFailed(span, "The handler crashed");
}

function earlierOf(headers: TraceHeaders | undefined): SpanContext | undefined {
  return headers?.earlier === undefined ? undefined : readTraceParent(headers.earlier);
}
