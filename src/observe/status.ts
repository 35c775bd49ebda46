import type { Code } from "../errors/code.ts";
import { type Span, SpanStatusCode } from "../deps/opentelemetry.ts";

/** Codes that are the callee's own fault: with any other one it has done what it should, as gRPC's conventions say. */
const CALLEE_FAULTS: ReadonlySet<Code> = new Set<Code>([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/** Whether a code makes the span of the callee an error; that of the caller is one with any of them. */
export function isCalleeFault(code: Code): boolean {
  return CALLEE_FAULTS.has(code);
}

/** Says that what the span stands for went wrong. */
export function markFailed(span: Span, message: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
