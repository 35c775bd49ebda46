import type { Evidence } from "./evidence.ts";
import { livesOf, SHORT_MS } from "./lives.ts";

/** What a round came to. */
export interface Figures {
  readonly calls: number;
  readonly succeeded: number;
  /** Runs beyond the first one of each call. */
  readonly duplicates: number;
  readonly deadLetters: number;
  /** Of these, those that may have run. */
  readonly mayHaveRun: number;
  /** Of these, those of a round's own crashes. */
  readonly crashed: number;
  /** Failures by code and outcome. */
  readonly failures: Readonly<Record<string, number>>;
  /** Calls with time enough that never heard of their reply. */
  readonly unheard: number;
  /** Requests without a stored reply, a dead letter, or success. */
  readonly unanswered: number;
  /** Replies that came although none is stored. */
  readonly pushedOnly: number;
}

/** What a round came to. */
export function figures({ entries, requests, replies, deadLetters }: Evidence): Figures {
  const byLabel = livesOf(entries);
  const lives = [...byLabel.values()];
  const failures: Record<string, number> = {};
  for (const { settled } of lives) {
    if (settled === undefined || settled.code === "ok") continue;
    const kind = `${settled.code}/${settled.outcome}`;
    failures[kind] = (failures[kind] ?? 0) + 1;
  }
  const ids = new Map(requests.filter(({ oneway }) => !oneway).map((request) => [request.id, request]));
  const unanswered = [...ids.values()].filter(({ id }) => !replies.has(id) && !deadLetters.has(id));
  const reasons = [...deadLetters.values()];
  return {
    calls: lives.length,
    succeeded: lives.filter(({ settled }) => settled?.code === "ok").length,
    duplicates: lives.reduce((sum, { began }) => sum + Math.max(0, began.length - 1), 0),
    deadLetters: deadLetters.size,
    mayHaveRun: reasons.filter((reason) => reason.startsWith("may have run")).length,
    crashed: reasons.filter((reason) => reason.startsWith("handler crashed")).length,
    failures,
    unheard:
      lives.filter(({ called, settled }) =>
        settled?.code === "deadline_exceeded" && (called.timeoutMs ?? Infinity) > SHORT_MS
      ).length,
    unanswered: unanswered.filter(({ label }) => byLabel.get(label)?.settled?.code !== "ok").length,
    pushedOnly: unanswered.filter(({ label }) => byLabel.get(label)?.settled?.code === "ok").length,
  };
}
