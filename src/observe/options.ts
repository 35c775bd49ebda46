/** What makes tracers: a `TracerProvider` of `@opentelemetry/api` 1, of whatever version. */
export interface TracerSource {
  /** Makes a tracer of that library and version. */
  getTracer(name: string, version?: string): object;
}

/** What makes meters: a `MeterProvider` of `@opentelemetry/api` 1, of whatever version. */
export interface MeterSource {
  /** Makes a meter of that library and version. */
  getMeter(name: string, version?: string): object;
}

/**
 * Where the traces and the metrics of a system or a client go. Providers must not throw, as OpenTelemetry asks of all of
 * them.
 */
export interface TelemetryOptions {
  /** Makes the tracer. Default: what is registered with `@opentelemetry/api`, as Deno does with `OTEL_DENO=true`. */
  readonly tracerProvider?: TracerSource | undefined;
  /** Makes the meter. Default: what is registered with `@opentelemetry/api`. */
  readonly meterProvider?: MeterSource | undefined;
}

/** Where every copy of `@opentelemetry/api` of major version 1 registers what it is given. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/**
 * Whether there is anywhere for telemetry to go: else not even the API is loaded. Asked once per system, so that
 * whoever registers a provider does it before.
 */
export function isWanted(options: TelemetryOptions | false | undefined): boolean {
  if (options === false) return false;
  if (options?.tracerProvider !== undefined || options?.meterProvider !== undefined) return true;
  const registered: unknown = Reflect.get(globalThis, REGISTRY);
  return typeof registered === "object" && registered !== null &&
    ("trace" in registered || "metrics" in registered);
}
