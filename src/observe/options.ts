import type { MeterProvider, TracerProvider } from "../deps/opentelemetry.ts";

/**
 * Where the traces and the metrics of a system or a client go. Providers must not throw, as OpenTelemetry asks of all of
 * them.
 */
export interface TelemetryOptions {
  /** Makes the tracer. Default: what is registered with `@opentelemetry/api`, as Deno does with `OTEL_DENO=true`. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Makes the meter. Default: what is registered with `@opentelemetry/api`. */
  readonly meterProvider?: MeterProvider | undefined;
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
