/** What a measured window gave, as its requester saw it. */
export interface Window {
  /** Calls that ended well within the window. */
  readonly calls: number;
  /** Calls that failed, or came back with another body, from warm-up to end. */
  readonly failed: number;
  /** Its length. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Open loop: how much after their time calls began, 99th percentile. It is part of the figures above. Closed loop: 0. */
  readonly lateP99Ms: number;
  /** What one of the failed ones said; empty if none. */
  readonly anError: string;
}

/**
 * What requesters and responders print, as one line of JSON each:
 *
 * - `ready`: takes commands, or serves
 * - `start`, `stop`: the window begins, is over
 * - `end`: what it gave
 */
export type Line =
  | { readonly event: "ready" | "start" | "stop" }
  | { readonly event: "end"; readonly window: Window };

/**
 * Reads one line of a requester or a responder.
 *
 * @throws {TypeError} on anything else
 */
export function parseLine(text: string): Line {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && "event" in value) {
    const { event } = value;
    if (event === "ready" || event === "start" || event === "stop") return { event };
    if (event === "end") return { event, window: readWindow(value) };
  }
  throw new TypeError(`Cannot read the line ${text}`);
}

function readWindow(value: object): Window {
  const fields = new Map<string, unknown>(Object.entries(value));
  const number = (name: string): number => {
    const found = fields.get(name);
    if (typeof found === "number" && Number.isFinite(found)) return found;
    throw new TypeError(`Cannot read a window without "${name}"`);
  };
  return {
    calls: number("calls"),
    failed: number("failed"),
    seconds: number("seconds"),
    p50Ms: number("p50Ms"),
    p99Ms: number("p99Ms"),
    p999Ms: number("p999Ms"),
    lateP99Ms: number("lateP99Ms"),
    anError: String(fields.get("anError") ?? ""),
  };
}
