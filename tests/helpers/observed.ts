import type { ObservedRequest } from "../../src/call/observer.ts";
import { createHistograms } from "../../src/observe/meters.ts";
import type { ObserverParts } from "../../src/observe/outbound.ts";
import { SeriesTable } from "../../src/observe/series.ts";
import { SpanClock } from "../../src/observe/span_clock.ts";
import { ManualClock } from "./manual_clock.ts";
import { RecordingMeter, RecordingTracer } from "./recording_telemetry.ts";

/** When time begins for what is observed. */
export const BEGIN_MS = 1_700_000_000_000;

/** What observers work with, where time stands still. */
export class ObserverStage {
  readonly clock = new ManualClock(BEGIN_MS);
  readonly tracer = new RecordingTracer();
  readonly meter = new RecordingMeter();
  readonly parts: ObserverParts = {
    tracer: this.tracer,
    histograms: createHistograms(this.meter.getMeter()),
    clock: new SpanClock(this.clock),
    series: new SeriesTable(),
    self: "test/1",
  };
}

/** A request as an intake describes it. */
export function requestOf(changes: Partial<ObservedRequest> = {}): ObservedRequest {
  return {
    contract: "test.Payments",
    method: "transfer",
    known: true,
    kind: "call",
    callId: "c1",
    attempt: 1,
    trace: undefined,
    caller: "caller/2",
    queue: { topic: "test-Payments", broker: "broker-a", id: 3 },
    offset: 7,
    storedAtMs: BEGIN_MS - 5,
    calls: 2,
    ...changes,
  };
}
