import {
  type Attributes,
  type BatchObservableCallback,
  type BatchObservableResult,
  type Context,
  context,
  createNoopMeter,
  type Histogram,
  type Link,
  type Meter,
  type MeterProvider,
  type Observable,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";

/** A span that keeps everything it is told. */
export class RecordedSpan implements Span {
  readonly name: string;
  readonly kind: number;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly startMs: number;
  readonly parent: SpanContext | undefined;
  readonly events: { readonly name: string; readonly attributes: unknown; readonly atMs: unknown }[] = [];
  readonly exceptions: unknown[] = [];
  status: SpanStatus = { code: 0 };
  endMs: number | undefined;
  readonly #context: SpanContext;
  readonly #recording: boolean;

  constructor(name: string, options: SpanOptions, around: Context, spanId: string, recording: boolean) {
    this.name = name;
    this.kind = options.kind ?? 0;
    this.attributes = { ...options.attributes };
    this.links = options.links ?? [];
    this.startMs = Number(options.startTime);
    this.parent = trace.getSpanContext(around);
    const { traceId = spanId.padStart(32, "a"), traceState } = this.parent ?? {};
    const state = traceState === undefined ? {} : { traceState };
    this.#context = { traceId, spanId, traceFlags: recording ? 1 : 0, ...state };
    this.#recording = recording;
  }

  spanContext(): SpanContext {
    return this.#context;
  }
  isRecording(): boolean {
    return this.#recording && this.endMs === undefined;
  }
  setAttribute(name: string, value: Attributes[string]): this {
    this.attributes[name] = value;
    return this;
  }
  setAttributes(attributes: Attributes): this {
    Object.assign(this.attributes, attributes);
    return this;
  }
  addEvent(name: string, attributes?: unknown, atMs?: unknown): this {
    this.events.push({ name, attributes, atMs });
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(status: SpanStatus): this {
    this.status = status;
    return this;
  }
  updateName(): this {
    return this;
  }
  recordException(exception: unknown): void {
    this.exceptions.push(exception);
  }
  end(endTime?: unknown): void {
    if (this.endMs !== undefined) throw new Error(`The span "${this.name}" was ended twice`);
    this.endMs = Number(endTime);
  }
}

/** Keeps every span that is started. */
export class RecordingTracer implements TracerProvider, Tracer {
  readonly spans: RecordedSpan[] = [];
  /** Whether spans are sampled. */
  recording = true;

  getTracer(): Tracer {
    return this;
  }

  startSpan(name: string, options: SpanOptions = {}, around: Context = context.active()): Span {
    const id = (this.spans.length + 1).toString(16).padStart(16, "0");
    const span = new RecordedSpan(name, options, around, id, this.recording);
    this.spans.push(span);
    return span;
  }

  startActiveSpan(): never {
    throw new Error("Nothing here is started as the active span");
  }

  /** The only span of that name. */
  one(name: string, kind?: number): RecordedSpan {
    const found = this.all(name, kind);
    const [span] = found;
    if (span === undefined || found.length > 1) {
      throw new Error(`${found.length} spans "${name}" among ${this.spans.map((each) => each.name)}`);
    }
    return span;
  }

  /** The spans of that name, as they were started. */
  all(name: string, kind?: number): readonly RecordedSpan[] {
    return this.spans.filter((span) => span.name === name && (kind === undefined || span.kind === kind));
  }

  /** What a span is a child of, by name. */
  parentOf({ parent }: RecordedSpan): string | undefined {
    return this.spans.find((span) => span.spanContext().spanId === parent?.spanId)?.name;
  }
}

/** One number, or one recorded value. */
export interface RecordedPoint {
  readonly name: string;
  readonly value: number;
  readonly attributes: Attributes;
}

/** Keeps what histograms record, and collects what is observed. */
export class RecordingMeter implements MeterProvider {
  readonly recorded: RecordedPoint[] = [];
  /** What the instruments were made with, by name. */
  readonly instruments = new Map<string, unknown>();
  readonly callbacks = new Set<BatchObservableCallback>();
  readonly #names = new WeakMap<Observable, string>();

  getMeter(): Meter {
    // Whatever is not asked for here does nothing.
    const meter: Meter = Object.create(createNoopMeter());
    meter.createHistogram = (name, options) => this.#histogram(name, options);
    for (
      const create of [
        "createObservableCounter",
        "createObservableUpDownCounter",
        "createObservableGauge",
      ] as const
    ) meter[create] = (name, options) => this.#observable(name, { ...options, create });
    meter.addBatchObservableCallback = (callback) => void this.callbacks.add(callback);
    meter.removeBatchObservableCallback = (callback) => void this.callbacks.delete(callback);
    return meter;
  }

  /** Reads everything that is observed now. A point that is observed twice is a failure. */
  collect(): readonly RecordedPoint[] {
    const points = new Map<string, RecordedPoint>();
    const result: BatchObservableResult = {
      observe: (instrument, value, attributes = {}) => {
        const name = this.#names.get(instrument) ?? "unknown";
        const key = JSON.stringify([name, attributes]);
        if (points.has(key)) throw new Error(`Observed twice: ${key}`);
        points.set(key, { name, value, attributes });
      },
    };
    for (const callback of this.callbacks) void callback(result);
    return [...points.values()];
  }

  /** The number of an instrument whose attributes have these values among theirs. */
  now(name: string, ...values: readonly unknown[]): number | undefined {
    return this.collect().find((point) => fits(point, name, values))?.value;
  }

  /** What was recorded so far by a histogram, with these values among the attributes. */
  values(name: string, ...values: readonly unknown[]): readonly number[] {
    return this.recorded.filter((point) => fits(point, name, values)).map(({ value }) => value);
  }

  #histogram(name: string, options: unknown): Histogram {
    this.instruments.set(name, options);
    return { record: (value, attributes = {}) => void this.recorded.push({ name, value, attributes }) };
  }

  #observable(name: string, options: unknown): Observable {
    this.instruments.set(name, options);
    const observable: Observable = { addCallback() {}, removeCallback() {} };
    this.#names.set(observable, name);
    return observable;
  }
}

function fits(point: RecordedPoint, name: string, values: readonly unknown[]): boolean {
  return point.name === name &&
    values.every((value) => Object.values(point.attributes).includes(value as string));
}
