import type { Call } from "../call/call.ts";
import type { CallObserver, ObservedCall, ObservedQueue } from "../call/observer.ts";
import { topicOf } from "../call/plan.ts";
import type { CallScope } from "../call/scope.ts";
import { type Context, context, type Span, SpanKind, trace, type Tracer } from "../deps/opentelemetry.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import { ATTRIBUTE, MESSAGING_SYSTEM, RPC_SYSTEM, SPAN_EVENT, SPAN_NAME } from "./attributes.ts";
import type { Histograms } from "./meters.ts";
import type { MethodSeries, SeriesTable } from "./series.ts";
import type { SpanClock } from "./span_clock.ts";
import { markFailed } from "./status.ts";
import { readTrace, SpanTrace } from "./trace_headers.ts";

/** What both ends observe with. */
export interface ObserverParts {
  /** `undefined` where nobody traces. */
  readonly tracer: Tracer | undefined;
  /** `undefined` where nobody measures. */
  readonly histograms: Histograms | undefined;
  readonly clock: SpanClock;
  readonly series: SeriesTable;
  /** The system's name and instance. */
  readonly self: string;
}

/** Traces and measures the calls that leave. */
export class CallTelemetry implements CallObserver {
  readonly #parts: ObserverParts;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  called(call: Call, scope: CallScope | undefined): ObservedCall {
    return new OutboundTelemetry(call, scope, this.#parts);
  }
}

/**
 * One call on its way out. A call that waits for its reply is a `CLIENT`, by the RPC conventions: whoever looks at it
 * sees how long somebody waited. A one-way call is a `PRODUCER`, by the messaging conventions: it ends when the broker
 * has it, and what is done for it may begin long after.
 */
class OutboundTelemetry implements ObservedCall {
  readonly trace: SpanTrace | undefined;
  readonly #parts: ObserverParts;
  readonly #series: MethodSeries;
  readonly #oneway: boolean;
  readonly #startedAtMs: number;
  #over = false;
  /** Where somebody records it. */
  readonly #span: Span | undefined;

  constructor(call: Call, scope: CallScope | undefined, parts: ObserverParts) {
    this.#parts = parts;
    this.#oneway = call.kind === "oneway";
    this.#startedAtMs = parts.clock.now();
    this.#series = parts.series.of(call.contract.name, call.method);
    this.#series.active++;
    this.#series.used = true;
    if (parts.tracer === undefined) return;
    const around = contextOf(scope);
    const span = startSpan(parts.tracer, call, parts.self, this.#startedAtMs, around);
    this.trace = traceOf(trace.setSpan(around, span));
    if (span.isRecording()) this.#span = span;
  }

  sent(callId: string, attempt: number, queue: ObservedQueue | undefined): void {
    const span = this.#span;
    if (span === undefined) return;
    span.setAttribute(ATTRIBUTE.callId, callId);
    if (queue !== undefined) span.setAttribute(ATTRIBUTE.queue, `${queue.broker}/${queue.id}`);
    span.addEvent(SPAN_EVENT.sent, { [ATTRIBUTE.attempt]: attempt }, this.#parts.clock.now());
  }

  again({ code, outcome }: RpcError): void {
    this.#series.resends++;
    const attributes = { [ATTRIBUTE.code]: code, [ATTRIBUTE.outcome]: outcome };
    this.#span?.addEvent(SPAN_EVENT.retry, attributes, this.#parts.clock.now());
  }

  ended(error: RpcError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    const { clock, histograms } = this.#parts;
    const nowMs = clock.now();
    this.#series.active--;
    if (histograms !== undefined) {
      const histogram = this.#oneway ? histograms.send : histograms.clientCall;
      const code = error?.code ?? "ok";
      const attributes = this.#oneway
        ? this.#series.told("send", code, error?.code, error?.outcome)
        : this.#series.ended(code, error?.code, error?.outcome);
      histogram.record((nowMs - this.#startedAtMs) / 1_000, attributes, this.trace?.context);
    }
    if (this.#span !== undefined) this.#endSpan(this.#span, error, nowMs);
  }

  #endSpan(span: Span, error: RpcError | undefined, nowMs: number): void {
    span.setAttribute(ATTRIBUTE.code, error?.code ?? "ok");
    if (error !== undefined) {
      span.setAttribute(ATTRIBUTE.errorType, error.code);
      span.setAttribute(ATTRIBUTE.outcome, error.outcome);
      markFailed(span, error.message);
    }
    span.end(nowMs);
  }
}

function startSpan(
  tracer: Tracer,
  { contract, method, kind }: Call,
  self: string,
  startTime: number,
  around: Context,
): Span {
  const name = `${contract.name}/${method}`;
  const oneway = kind === "oneway";
  const attributes = {
    [ATTRIBUTE.system]: RPC_SYSTEM,
    [ATTRIBUTE.method]: name,
    [ATTRIBUTE.messaging]: MESSAGING_SYSTEM,
    [ATTRIBUTE.operation]: "send",
    [ATTRIBUTE.operationType]: "send",
    [ATTRIBUTE.topic]: topicOf(contract.name),
    [ATTRIBUTE.tag]: method,
    [ATTRIBUTE.client]: self,
  };
  return tracer.startSpan(
    oneway ? SPAN_NAME.send + name : name,
    { kind: oneway ? SpanKind.PRODUCER : SpanKind.CLIENT, startTime, attributes },
    around,
  );
}

/** The span that the code which calls runs in; where the runtime does not know, that of the call it is nested in. */
function contextOf(scope: CallScope | undefined): Context {
  const active = context.active();
  if (scope?.trace === undefined || trace.getSpanContext(active) !== undefined) return active;
  return readTrace(scope.trace);
}

/** A tracer that does nothing makes spans without a trace. */
function traceOf(around: Context): SpanTrace | undefined {
  const span = trace.getSpanContext(around);
  return span === undefined || !trace.isSpanContextValid(span) ? undefined : new SpanTrace(around);
}
