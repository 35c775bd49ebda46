import type { Outage } from "./evidence.ts";
import type { Began, Called, Ended, Entry, Settled } from "./journal.ts";

/** One call with everything that is known of it. */
export interface Life {
  readonly called: Called;
  settled: Settled | undefined;
  readonly began: Began[];
  readonly ended: Ended[];
  /** How runs of its piece of work had ended before its caller heard of it: a store gives calls the answers of others. */
  endings: ReadonlySet<string>;
}

/** The calls of a round by their labels. */
export function livesOf(entries: readonly Entry[]): ReadonlyMap<string, Life> {
  const lives = new Map<string, Life>();
  const endings = new Map<string, Set<string>>();
  for (const entry of entries) {
    if (entry.is === "gone") continue;
    if (entry.is === "called") {
      lives.set(entry.label, {
        called: entry,
        settled: undefined,
        began: [],
        ended: [],
        endings: new Set(),
      });
      continue;
    }
    const life = lives.get(entry.label);
    if (life === undefined) throw new Error(`Nobody made the call ${entry.label}`);
    if (entry.is === "began") life.began.push(entry);
    else if (entry.is === "ended") {
      life.ended.push(entry);
      const piece = endings.get(life.called.piece) ?? new Set();
      endings.set(life.called.piece, piece.add(entry.how));
    } else {
      if (life.settled !== undefined) throw new Error(`The call ${entry.label} was settled twice`);
      life.settled = entry;
      life.endings = new Set(endings.get(life.called.piece));
    }
  }
  return lives;
}

/** Whether the deadline of a call is meant to pass, or passed while somebody was dead. */
export function mayExpire({ atMs, timeoutMs = Infinity }: Called, outages: readonly Outage[]): boolean {
  const deadlineMs = atMs + timeoutMs;
  return timeoutMs <= SHORT_MS ||
    outages.some(({ fromMs, untilMs }) => deadlineMs >= fromMs && deadlineMs <= untilMs);
}

/** Deadlines up to this one may pass, in milliseconds; others are longer than any outage. */
export const SHORT_MS = 1_000;

/** How long calls that succeeded in that time took from its begin, or from when they were made, at the most. */
export function slowestBetween(entries: readonly Entry[], sinceMs: number, untilMs: number): number {
  let slowest = 0;
  for (const { called, settled } of livesOf(entries).values()) {
    if (settled === undefined || settled.code !== "ok") continue;
    if (settled.atMs < sinceMs || settled.atMs > untilMs) continue;
    slowest = Math.max(slowest, settled.atMs - Math.max(sinceMs, called.atMs));
  }
  return slowest;
}

/** So many milliseconds after the begin of that time the first call succeeded that was made in it. */
export function firstBetween(entries: readonly Entry[], sinceMs: number, untilMs: number): number {
  let first = Infinity;
  for (const { called, settled } of livesOf(entries).values()) {
    if (called.atMs < sinceMs || settled?.code !== "ok" || settled.atMs > untilMs) continue;
    first = Math.min(first, settled.atMs - sinceMs);
  }
  return first;
}

/** Whether a call of a living caller is under way that was made by then. */
export function isOpen(entries: readonly Entry[], byMs: number): boolean {
  const gone = new Set(entries.filter((entry) => entry.is === "gone").map(({ pid }) => pid));
  return [...livesOf(entries).values()].some(({ called, settled }) =>
    called.atMs <= byMs && settled === undefined && !gone.has(called.pid)
  );
}
