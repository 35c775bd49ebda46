/**
 * What the caller knows about a call that failed:
 *
 * - `not_sent`: no broker has it; nothing ran. Safe to call again.
 * - `sent_unknown`: it may be stored, and may have run, be running, or run later.
 * - `expired`: it was stored, its deadline passed before a handler started; nothing ran.
 * - `rejected`: the callee refused it before a handler started; nothing ran.
 * - `executed_reply_lost`: the handler finished, but what it answered could not be delivered.
 * - `replied`: the handler answered with this error.
 */
export const OUTCOMES = [
  "not_sent",
  "sent_unknown",
  "expired",
  "rejected",
  "executed_reply_lost",
  "replied",
] as const;

/** What the caller knows about delivery; see {@linkcode OUTCOMES}. */
export type Outcome = typeof OUTCOMES[number];

const harmless: ReadonlySet<Outcome> = new Set<Outcome>(["not_sent", "expired", "rejected"]);

/** Whether an outcome rules out that any handler started. */
export function neverRan(outcome: Outcome): boolean {
  return harmless.has(outcome);
}
