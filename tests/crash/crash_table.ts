/** What a method promises. */
export const PROMISES = ["safe", "idempotent", "other"] as const;
export type Promised = typeof PROMISES[number];

/** Whether systems share a store of outcomes. */
export const STORES = ["no store", "shared store"] as const;
export type Stored = typeof STORES[number];

/** Who remembers what is settled: see `Capabilities.ownership`. */
export const OWNERSHIPS = ["offset", "perMessage"] as const;
export type Ownership = typeof OWNERSHIPS[number];

/** Where a call is stopped, in the order in which it comes by. */
export const STEPS = {
  "0": "the broker refuses the request",
  "0'": "the answer to the request's send is lost, the request is not",
  "0''": "the answer to the request's send is lost, and the request with it",
  "1-3": "the instance dies after it received the request, before the handler starts",
  "3'": "the instance dies when the start is on record, before the handler begins",
  "4": "the instance dies inside the handler",
  "5": "the instance dies after the handler, before the reply is sent (with a store: once it is remembered)",
  "6": "the reply cannot be sent until the deadline; the instance lives",
  "7": "the instance dies after the reply was sent, before the request is settled",
} as const;
export type Step = keyof typeof STEPS;

/** What came of a call. */
export interface Fate {
  /** How often its handler was started, by all instances together. */
  readonly runs: number;
  /** What its caller learnt: the reply, or code and outcome of an error. */
  readonly caller: string;
  /** Why it is in the dead-letter queue, if it is. */
  readonly dead?: string;
}

/** What comes of a call that is stopped at a step. */
export type Row = Readonly<Record<Stored, Readonly<Record<Promised, Fate>>>>;

const REFUSED: Fate = { runs: 0, caller: "unavailable / not_sent" };
const ONCE: Fate = { runs: 1, caller: "reply" };
const TWICE: Fate = { runs: 2, caller: "reply" };
const NEVER: Fate = { runs: 0, caller: "internal / sent_unknown", dead: "may have run" };
const HALF: Fate = { runs: 1, caller: "internal / sent_unknown", dead: "may have run" };
const UNKNOWN: Fate = { runs: 1, caller: "unavailable / sent_unknown" };
const UNSENT: Fate = { runs: 0, caller: "unavailable / sent_unknown" };
const UNHEARD: Fate = { runs: 1, caller: "deadline_exceeded / sent_unknown" };

/**
 * The crash table: what comes of a call that is stopped at a step, for instances that die and leave their locks and
 * memberships behind. Takeovers are in time for the deadline here: a call whose deadline has passed never starts.
 */
export const CRASH_TABLE: Readonly<Record<Step, Row>> = {
  "0": same(REFUSED, REFUSED, REFUSED),
  "0'": same(ONCE, ONCE, UNKNOWN),
  "0''": same(ONCE, ONCE, UNSENT),
  "1-3": same(ONCE, ONCE, ONCE),
  "3'": {
    "no store": { safe: ONCE, idempotent: ONCE, other: NEVER },
    "shared store": { safe: ONCE, idempotent: ONCE, other: NEVER },
  },
  "4": same(TWICE, TWICE, HALF),
  "5": {
    "no store": { safe: TWICE, idempotent: TWICE, other: HALF },
    "shared store": { safe: TWICE, idempotent: ONCE, other: ONCE },
  },
  "6": same(UNHEARD, UNHEARD, UNHEARD),
  "7": same(ONCE, ONCE, ONCE),
};

/** The rows that differ where messages are settled one by one: there, a delivery counts as a start. */
export const PER_MESSAGE_ROWS: Partial<Readonly<Record<Step, Row>>> = {
  "1-3": same(ONCE, ONCE, NEVER),
};

/** What comes of a call that is stopped at a step. */
export function fateOf(ownership: Ownership, step: Step, stored: Stored, promised: Promised): Fate {
  const row = ownership === "perMessage" ? PER_MESSAGE_ROWS[step] : undefined;
  return (row ?? CRASH_TABLE[step])[stored][promised];
}

/** A fate as the guarantees page has it. */
export function textOf({ runs, caller, dead }: Fate): string {
  const times = runs === 1 ? "1 run" : `${runs} runs`;
  const learnt = caller === "reply" ? "reply" : caller.replace(/^(\w+) \/ (\w+)$/, "`$1` / `$2`");
  return `${times}; ${learnt}${dead === undefined ? "" : `; dead letter "${dead}"`}`;
}

function same(safe: Fate, idempotent: Fate, other: Fate): Row {
  const fates = { safe, idempotent, other };
  return { "no store": fates, "shared store": fates };
}
