import type { Clock } from "../async/clock.ts";
import type { CallObserver, ServeObserver } from "../call/observer.ts";
import {
  createNoopMeter,
  type Meter,
  metrics,
  ProxyTracer,
  trace,
  type Tracer,
} from "../deps/opentelemetry.ts";
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
 * @throws {TypeError} when a provider makes something else
 */
export function createTelemetry(
  { tracerProvider, meterProvider }: TelemetryOptions,
  clock: Clock,
  self: string,
  version: string,
): Telemetry | undefined {
  // One provider that is given does not stand for the other: that is still looked up.
  const meters = meterProvider ?? metrics.getMeterProvider();
  const meter = checkMeter(meters.getMeter(SCOPE, version));
  const tracer = checkTracer((tracerProvider ?? trace.getTracerProvider()).getTracer(SCOPE, version));
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

function checkTracer(made: object): Tracer {
  if (!hasMethod(made, "startSpan")) throw notOf("tracerProvider");
  // What can start spans is the API's tracer: its other methods are not used.
  return made as Tracer;
}

function checkMeter(made: object): Meter {
  if (!hasMethod(made, "createHistogram") || !hasMethod(made, "addBatchObservableCallback")) {
    throw notOf("meterProvider");
  }
  // What has these is the API's meter.
  return made as Meter;
}

function hasMethod(made: unknown, name: string): boolean {
  return typeof made === "object" && made !== null && typeof Reflect.get(made, name) === "function";
}

function notOf(option: keyof TelemetryOptions): TypeError {
  return new TypeError(`Cannot use the '${option}': it must be one of "@opentelemetry/api" 1`);
}
