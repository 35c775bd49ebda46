import type { RpcError } from "rocket-actors";
import { Durations, percentile } from "../broker/percentiles.ts";

/** How a call ended, as its caller knows it. */
export const FATES = ["answered", "never sent", "expired", "late", "unknown", "other"] as const;

/** One of them. */
export type Fate = typeof FATES[number];

/** The fate of a call that failed. */
export function fateOf({ code, outcome }: Pick<RpcError, "code" | "outcome">): Fate {
  if (code !== "deadline_exceeded") return "other";
  if (outcome === "not_sent") return "never sent";
  if (outcome === "expired") return "expired";
  return outcome === "sent_unknown" ? "unknown" : "late";
}

/** What one second has shown. */
export interface Second {
  /** Since the start of the run, in seconds. */
  readonly at: number;
  readonly phase: Phase;
  readonly offered: number;
  readonly fates: Readonly<Record<Fate, number>>;
  /** From the start of a handler to its end, in milliseconds. */
  readonly handlerP99Ms: number;
  /** From the start of a handler to the reply at its caller, in milliseconds. */
  readonly replyP99Ms: number;
  /** Calls that their callers wait for. */
  readonly open: number;
  /** Heap in use, garbage included, in bytes. */
  readonly heap: number;
}

/** Half of the capacity, the overload, and half of the capacity again. */
export const PHASES = ["before", "overload", "after"] as const;

/** One of them. */
export type Phase = typeof PHASES[number];

/** Nothing has ended yet. */
function noFates(): Record<Fate, number> {
  return { "answered": 0, "never sent": 0, "expired": 0, "late": 0, "unknown": 0, "other": 0 };
}

/** Collects what happens within one second. */
export class Window {
  readonly #fates = noFates();
  readonly #handlers = new Durations();
  readonly #replies = new Durations();
  offered = 0;

  /** A call has ended. */
  ended(fate: Fate): void {
    this.#fates[fate]++;
  }

  /** A handler has ended, after so many milliseconds. */
  handled(ms: number): void {
    this.#handlers.add(ms);
  }

  /** A reply has come, so many milliseconds after its handler was started. */
  replied(ms: number): void {
    this.#replies.add(ms);
  }

  /** What was collected. */
  close(at: number, phase: Phase, open: number): Second {
    return {
      at,
      phase,
      offered: this.offered,
      fates: this.#fates,
      handlerP99Ms: percentile(this.#handlers.sorted(), 0.99),
      replyP99Ms: percentile(this.#replies.sorted(), 0.99),
      open,
      heap: Deno.memoryUsage().heapUsed,
    };
  }
}
