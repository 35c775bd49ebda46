import type { Clock } from "../async/clock.ts";
import type { CallObserver, ServeObserver } from "../call/observer.ts";
import { createNoopMeter, metrics, ProxyTracer, trace } from "../deps/opentelemetry.ts";
import { SCOPE } from "./attributes.ts";
import { Collection, type Reading } from "./collection.ts";
import { createHistograms } from "./meters.ts";
import type { TelemetryOptions } from "./options.ts";
import { CallTelemetry } from "./outbound.ts";
import { ServeTelemetry } from "./served.ts";
import { SeriesTable } from "./series.ts";
import { SpanClock } from "./span_clock.ts";
import type { Watched } from "./tree_metrics.ts";

/** What observes one system or client. */
export interface Telemetry {
  /** Sees the calls that leave. */
  readonly calls: CallObserver;
  /** Sees the calls that are served. */
  readonly services: ServeObserver;
  /** From now on its numbers are read whenever metrics are collected. Called once. */
  watch(watched: Watched): void;
  /** Something of it is about to end, and what that has counted with it. */
  note(): void;
  /** They are read no more. Idempotent. */
  close(): void;
}

/**
 * Makes what observes one system or client, or nothing where there is neither a tracer nor a meter.
 *
 * @param self its name and instance
 * @param version of this library
 */
export function createTelemetry(
  { tracerProvider, meterProvider }: TelemetryOptions,
  clock: Clock,
  self: string,
  version: string,
): Telemetry | undefined {
  // One provider that is given does not stand for the other: that is still looked up.
  const meters = meterProvider ?? metrics.getMeterProvider();
  const meter = meters.getMeter(SCOPE, version);
  const tracer = (tracerProvider ?? trace.getTracerProvider()).getTracer(SCOPE, version);
  // Both stand for nobody.
  const measures = meter !== createNoopMeter();
  const traces = !(tracer instanceof ProxyTracer);
  if (!measures && !traces) return undefined;
  const series = new SeriesTable();
  const parts = {
    tracer: traces ? tracer : undefined,
    histograms: measures ? createHistograms(meter) : undefined,
    clock: new SpanClock(clock),
    series,
    self,
  };
  let reading: Reading | undefined;
  return {
    calls: new CallTelemetry(parts),
    services: new ServeTelemetry(parts),
    watch: (watched) => {
      if (measures) reading = Collection.of(meters, meter).add(watched, series);
    },
    note: () => reading?.note(),
    close: () => reading?.end(),
  };
}
