import { MAX_TRACE_PARENT_BYTES, MAX_TRACE_STATE_BYTES } from "../call/defaults.ts";
import type { TraceHeaders } from "../call/inbound.ts";
import {
  type Context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "../deps/opentelemetry.ts";
import { readBaggage, writeBaggage } from "./baggage.ts";

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * What calls carry that are made inside a span, as W3C headers. Written once, and only where somebody asks: most spans
 * have no such call.
 */
export class SpanTrace implements TraceHeaders {
  /** The span, and the baggage around it. */
  readonly context: Context;
  #traceparent: string | undefined;
  #tracestate: string | undefined;
  #baggage: string | undefined;

  /** @param context a context with a span */
  constructor(context: Context) {
    this.context = context;
  }

  get traceparent(): string {
    return this.#traceparent ??= writeTraceParent(trace.getSpanContext(this.context) ?? NONE);
  }

  get tracestate(): string | undefined {
    return this.#tracestate ??= writeTraceState(trace.getSpanContext(this.context));
  }

  get baggage(): string | undefined {
    return this.#baggage ??= writeBaggage(propagation.getBaggage(this.context));
  }
}

function writeTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`;
}

function writeTraceState(span: SpanContext | undefined): string | undefined {
  const text = span?.traceState?.serialize();
  return text === undefined || text === "" || text.length > MAX_TRACE_STATE_BYTES ? undefined : text;
}

const NONE: SpanContext = { traceId: NO_TRACE, spanId: NO_SPAN, traceFlags: 0 };

/** The context of whoever wrote the headers. What is malformed is as if it was not there. */
export function readTrace(headers: TraceHeaders | undefined): Context {
  if (headers === undefined) return ROOT_CONTEXT;
  if (headers instanceof SpanTrace) return headers.context;
  const baggage = readBaggage(headers.baggage);
  const around = baggage === undefined ? ROOT_CONTEXT : propagation.setBaggage(ROOT_CONTEXT, baggage);
  const span = readTraceParent(headers.traceparent);
  if (span === undefined) return around;
  const { tracestate } = headers;
  if (tracestate === undefined || tracestate.length > MAX_TRACE_STATE_BYTES) {
    return trace.setSpanContext(around, span);
  }
  return trace.setSpanContext(around, { ...span, traceState: createTraceState(tracestate) });
}

/** Reads a `traceparent`, also of later versions as far as they can be read; `undefined` where it is malformed. */
export function readTraceParent(header: string): SpanContext | undefined {
  if (header.length > MAX_TRACE_PARENT_BYTES) return undefined;
  const [, version, traceId, spanId, flags, more] = TRACE_PARENT.exec(header) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) {
    return undefined;
  }
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
