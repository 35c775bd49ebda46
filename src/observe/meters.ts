import { type Histogram, type Meter, ValueType } from "../deps/opentelemetry.ts";
import { HISTOGRAM, type InstrumentSpec } from "./instruments.ts";

/** The histograms of one meter. */
export type Histograms = Readonly<Record<keyof typeof HISTOGRAM, Histogram>>;

/** Makes the histograms. */
export function createHistograms(meter: Meter): Histograms {
  return {
    clientCall: create(meter, HISTOGRAM.clientCall),
    send: create(meter, HISTOGRAM.send),
    serverCall: create(meter, HISTOGRAM.serverCall),
    process: create(meter, HISTOGRAM.process),
    broker: create(meter, HISTOGRAM.broker),
    mailbox: create(meter, HISTOGRAM.mailbox),
    handler: create(meter, HISTOGRAM.handler),
  };
}

function create(meter: Meter, { name, unit, description, buckets = [] }: InstrumentSpec): Histogram {
  const advice = { explicitBucketBoundaries: [...buckets] };
  return meter.createHistogram(name, { unit, description, valueType: ValueType.DOUBLE, advice });
}
