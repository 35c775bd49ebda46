import type { TraceHeaders } from "./inbound.ts";

/** The call inside which code runs: what nested calls inherit. */
export interface CallScope {
  /** A nested call never outlives it; epoch milliseconds, `Infinity` where there is none. */
  readonly deadline: number;
  /** Cancels nested calls. */
  readonly signal: AbortSignal;
  /** The addresses of the calls above and of this one, outermost first. */
  readonly path: readonly string[];
  readonly trace: TraceHeaders | undefined;
}
