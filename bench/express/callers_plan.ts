import type { Way } from "./names.ts";

/** What takes longer than this was held up. Milliseconds. */
export const HELD_MS = 1_000;

/** What the callers of one process do. */
export interface CallersPlan {
  readonly way: Way;
  /** Each has a client id and a connection of its own. */
  readonly callers: number;
  /** Calls that each keeps under way. */
  readonly outstanding: number;
  /** Pushed requests without an answer that each may have; those beyond go the stored way. Default: no bound. */
  readonly mostOfEach?: number;
  /** The same for all of them together, which in one process can know of each other. Default: no bound. */
  readonly mostOfAll?: number;
  /** For how long each call waits for its reply. */
  readonly timeoutMs: number;
  /** What each waits between two calls. */
  readonly pauseMs: number;
}

/** What became of their calls. */
export interface CallersReport {
  readonly calls: number;
  readonly failed: number;
  readonly slowestMs: number;
  /** All calls together that were held up. */
  readonly heldMs: number;
  /** Requests that the broker has left unanswered for as long, now. */
  readonly unanswered: number;
}

/**
 * Reads what callers report.
 *
 * @throws {TypeError} on anything else
 */
export function parseReport(line: string): CallersReport {
  const value: unknown = JSON.parse(line);
  const fields = new Map<string, unknown>(Object.entries(Object(value)));
  const number = (name: keyof CallersReport): number => {
    const found = fields.get(name);
    if (typeof found === "number" && Number.isFinite(found)) return found;
    throw new TypeError(`Cannot read a report of callers without "${name}": ${line}`);
  };
  return {
    calls: number("calls"),
    failed: number("failed"),
    slowestMs: number("slowestMs"),
    heldMs: number("heldMs"),
    unanswered: number("unanswered"),
  };
}
