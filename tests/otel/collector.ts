/** A span as OTLP's JSON has it, as far as tests look at it. */
export interface ExportedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly name: string;
  /** 1: internal, 2: server, 3: client, 4: producer, 5: consumer. */
  readonly kind: number;
  /** Epoch milliseconds, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly ExportedEvent[];
  /** The ids of the spans that it links to. */
  readonly links: readonly string[];
  /** 0: unset, 1: ok, 2: error. */
  readonly status: number;
  readonly scope: string;
  /** The `service.name` of its process. */
  readonly service: string;
}

/** An event of a span. */
export interface ExportedEvent {
  readonly name: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** One number of one instrument, or of a histogram how many values it has. */
export interface ExportedPoint {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What programs export to it by OTLP over HTTP, in JSON. */
export class Collector implements AsyncDisposable {
  readonly spans: ExportedSpan[] = [];
  /** The latest export of each process comes last. */
  readonly points: ExportedPoint[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const body = await request.json();
      if (new URL(request.url).pathname === "/v1/traces") this.#takeSpans(body);
      if (new URL(request.url).pathname === "/v1/metrics") this.#takePoints(body);
      return Response.json({});
    });
  }

  /** The environment in which a Deno program exports to it. */
  environment(service: string): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_METRIC_EXPORT_INTERVAL: "100",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  // deno-lint-ignore no-explicit-any -- what OTLP sends; what is read of it is checked by the tests that look at it
  #takeSpans(body: any): void {
    for (const { resource, scopeSpans } of body.resourceSpans) {
      const service = String(attributesOf(resource.attributes)["service.name"]);
      for (const { scope, spans } of scopeSpans) {
        for (const span of spans) {
          this.spans.push({
            ...span,
            startMs: Number(span.startTimeUnixNano) / 1e6,
            endMs: Number(span.endTimeUnixNano) / 1e6,
            attributes: attributesOf(span.attributes),
            // deno-lint-ignore no-explicit-any -- as above
            events: span.events.map((event: any) => ({
              name: event.name,
              atMs: Number(event.timeUnixNano) / 1e6,
              attributes: attributesOf(event.attributes),
            })),
            links: span.links.map(({ spanId }: { spanId: string }) => spanId),
            status: span.status.code,
            scope: scope.name,
            service,
          });
        }
      }
    }
  }

  // deno-lint-ignore no-explicit-any -- as above
  #takePoints(body: any): void {
    for (const { scopeMetrics } of body.resourceMetrics) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, unit, gauge, sum, histogram } of metrics) {
          for (const point of (gauge ?? sum ?? histogram).dataPoints) {
            const value = Number(point.count ?? point.asDouble ?? point.asInt);
            this.points.push({ name, unit, value, attributes: attributesOf(point.attributes) });
          }
        }
      }
    }
  }
}

function attributesOf(list: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}
