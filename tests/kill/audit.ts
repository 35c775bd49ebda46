import { HARMLESS, lineOf, ONCE } from "./contract.ts";
import type { Evidence, Outage } from "./evidence.ts";
import type { Began, Entry } from "./journal.ts";
import { type Life, livesOf, mayExpire } from "./lives.ts";

/** What is promised, where transports differ. */
export interface Promises {
  /** Whether handlers of one key run one at a time, whoever has died. */
  readonly ownedKeys: boolean;
  /** Whether what must not run twice does not: a killed broker may forget what it has delivered. */
  readonly runsOnce: boolean;
  /** Whether what was delivered is not delivered again as if it never had been: a killed broker may have forgotten it. */
  readonly remembers: boolean;
}

const ALL: Promises = { ownedKeys: true, runsOnce: true, remembers: true };

/** Everything that is wrong, in words; nothing where the promises were kept. */
export function violations(
  evidence: Evidence,
  { ownedKeys, runsOnce, remembers }: Promises = ALL,
): readonly string[] {
  const lives = livesOf(evidence.entries);
  return [
    ...outcomes(lives),
    ...failuresWithoutCause(lives, evidence.outages),
    ...(ownedKeys ? overlaps(evidence.entries) : []),
    ...disorder(evidence, lives, remembers),
    ...runs(lives, runsOnce),
    ...settlements(evidence, lives),
    ...effects(evidence, lives),
  ];
}

/** Whether each caller was told the truth. */
function outcomes(lives: ReadonlyMap<string, Life>): readonly string[] {
  const lies: string[] = [];
  for (const life of lives.values()) {
    const { called: { label, method }, settled, began, ended } = life;
    if (settled === undefined) continue;
    const { code, outcome, message } = settled;
    const what = `${method} ${label}: ${code}/${outcome} (${message})`;
    const how = ended.map((end) => end.how).join(", ");
    switch (outcome) {
      case "not_sent":
      case "expired":
      case "rejected":
        if (began.length > 0) lies.push(`${what}, and it ran: ${how}`);
        break;
      case "executed_reply_lost":
      case "replied":
        // It may have asked for another attempt, or run beyond the deadline: but it has ended.
        if (life.endings.size === 0) lies.push(`${what}, and no run of it came to its end`);
        break;
      case "":
        if (!life.endings.has("answer") && !isOneway(method)) {
          lies.push(`${what}, and no run of it had answered: ${how}`);
        }
    }
  }
  return lies;
}

/** Whether each call failed for a reason that a round gives: what had time enough is not late. */
function failuresWithoutCause(
  lives: ReadonlyMap<string, Life>,
  outages: readonly Outage[],
): readonly string[] {
  const wrong: string[] = [];
  for (const { called, settled } of lives.values()) {
    if (settled === undefined || settled.code === "ok") continue;
    const kind = `${settled.code}/${settled.outcome}`;
    const timeoutMs = called.timeoutMs ?? ONEWAY_SENT_MS;
    const may = settled.code === "deadline_exceeded"
      ? mayExpire({ ...called, timeoutMs }, outages)
      : CAUSES.has(kind);
    if (may) continue;
    const ms = settled.atMs - called.atMs;
    wrong.push(`${called.method} ${called.label} failed with ${kind} after ${ms} ms (${settled.message})`);
  }
  return wrong;
}

/** How long a one-way call is tried to be stored: that of all calls of its client. Milliseconds. */
const ONEWAY_SENT_MS = 60_000;

/** How calls may fail: as their handlers or their callers wish, or because something died. */
const CAUSES: ReadonlySet<string> = new Set([
  ...["not_found/replied", "internal/replied", "cancelled/not_sent", "cancelled/sent_unknown"],
  // A store remembers what a handler made of its caller's giving up.
  "cancelled/replied",
  // The accounts crash so often that one of them is suspended now and then.
  "unavailable/rejected",
  "cancelled/rejected",
  ...["unavailable/not_sent", "unavailable/sent_unknown", "internal/sent_unknown"],
]);

/** Whether handlers of one key ran one at a time. */
function overlaps(entries: readonly Entry[]): readonly string[] {
  const atWork = new Map<string, Began>();
  const wrong: string[] = [];
  for (const entry of entries) {
    if (entry.is === "gone") {
      for (const [line, { pid }] of atWork) if (pid === entry.pid) atWork.delete(line);
    }
    if (entry.is !== "began" && entry.is !== "ended") continue;
    const line = lineOf(entry.method, entry.key);
    if (line === undefined) continue;
    const other = atWork.get(line);
    if (entry.is === "began") {
      if (other !== undefined) {
        wrong.push(
          `${entry.label} in ${entry.pid} began while ${other.label} of ${line} ran in ${other.pid}`,
        );
      }
      atWork.set(line, entry);
    } else if (other?.label === entry.label && other.pid === entry.pid) atWork.delete(line);
  }
  return wrong;
}

/** Whether calls of one key and caller began in the order in which they were made. */
function disorder(
  evidence: Evidence,
  lives: ReadonlyMap<string, Life>,
  remembers: boolean,
): readonly string[] {
  const { entries } = evidence;
  const places = new Map<string, number>();
  const latest = new Map<string, Began>();
  const begun = new Set<string>();
  const wrong: string[] = [];
  for (const entry of entries) {
    if (entry.is === "called") places.set(entry.label, places.size);
    if (entry.is !== "began" || begun.has(entry.label)) continue;
    begun.add(entry.label);
    const line = lineOf(entry.method, entry.key);
    if (line === undefined) continue;
    const lane = `${line} of ${entry.label.split("-")[0]}`;
    const before = latest.get(lane);
    if (before !== undefined && (places.get(before.label) ?? 0) > (places.get(entry.label) ?? 0)) {
      if (!remembers && cameAgain(evidence, lives, entry, before)) continue;
      wrong.push(`${entry.label} of ${lane} began after ${before.label}, which was made later`);
      continue;
    }
    latest.set(lane, entry);
  }
  return wrong;
}

/**
 * Whether a call is one that was settled without a run, as its caller had given it up, before a younger one of its key
 * ran; and that its broker, killed since, delivered again: in their queue it stands before the younger one.
 */
function cameAgain(
  { requests, outages }: Evidence,
  lives: ReadonlyMap<string, Life>,
  call: Began,
  younger: Began,
): boolean {
  const settled = lives.get(call.label)?.settled;
  if (settled?.code !== "cancelled") return false;
  const place = requests.findIndex(({ label }) => label === call.label);
  const youngerPlace = requests.findIndex(({ label }) => label === younger.label);
  if (place < 0 || place > youngerPlace || requests[place]?.queue !== requests[youngerPlace]?.queue) {
    return false;
  }
  return outages.some(({ fromMs, untilMs }) =>
    settled.atMs <= fromMs && younger.atMs <= fromMs && call.atMs > fromMs && call.atMs <= untilMs
  );
}

/** Whether nothing ran more often than it may. */
function runs(lives: ReadonlyMap<string, Life>, runsOnce: boolean): readonly string[] {
  const wrong: string[] = [];
  for (const { called: { method, label }, began } of lives.values()) {
    const most = runsOnce && ONCE.has(method) ? 1 : MOST_RUNS;
    if (began.length > most) wrong.push(`${method} ${label} began ${began.length} times`);
  }
  return wrong;
}

/** Three attempts, and as many as its caller makes of a send whose fate it does not know. */
const MOST_RUNS = 5;

/** Whether every stored request came to its end, and every call of a living caller was settled. */
export function settlements(
  evidence: Evidence,
  lives: ReadonlyMap<string, Life> = livesOf(evidence.entries),
): readonly string[] {
  const { entries, requests, replies, deadLetters, outages } = evidence;
  const wrong: string[] = [];
  const gone = new Set(entries.filter((entry) => entry.is === "gone").map(({ pid }) => pid));
  for (const { called: { method, label, pid }, settled } of lives.values()) {
    if (settled === undefined && !gone.has(pid)) wrong.push(`${method} ${label} was never settled`);
  }
  const stored = new Set(requests.map(({ label }) => label));
  for (const { called: { method, label }, settled, began } of lives.values()) {
    const known = settled?.code === "ok" || began.length > 0;
    if (known && !stored.has(label)) {
      wrong.push(`${method} ${label} is not in the topic, and it was accepted or ran`);
    }
  }
  for (const { id, method, label, oneway } of new Map(requests.map((r) => [r.id, r])).values()) {
    const life = lives.get(label);
    const final = life?.ended.some(({ how }) => how === "answer" || how === "decline");
    const heard = life?.settled !== undefined && HEARD.has(life.settled.outcome);
    if (deadLetters.has(id) || (life !== undefined && mayExpire(life.called, outages))) continue;
    if (oneway ? final : replies.has(id) || heard) continue;
    wrong.push(`${method} ${label} (${id}) is stored and was neither answered nor buried`);
  }
  return wrong;
}

/** Outcomes that a caller has from its callee; the empty one is success. */
const HEARD: ReadonlySet<string> = new Set(["", "replied", "expired", "rejected", "executed_reply_lost"]);

/** Whether effects happened once, and those of all runs that answered did. */
function effects({ effects, total }: Evidence, lives: ReadonlyMap<string, Life>): readonly string[] {
  const wrong: string[] = [];
  if (total !== effects.length) wrong.push(`${effects.length} effects add up to ${total}`);
  const keys = new Map<string, string>();
  for (const { key, piece } of effects) {
    if (keys.has(piece)) wrong.push(`${piece} has two effects, under ${key} and ${keys.get(piece)}`);
    keys.set(piece, key);
  }
  for (const { called: { method, label, piece }, began, ended } of lives.values()) {
    if (HARMLESS.has(method) || !ended.some(({ how }) => how === "answer")) continue;
    const key = keys.get(piece);
    if (key === undefined) wrong.push(`${label} answered, and has no effect`);
    const strange = began.find(({ idempotencyKey }) => idempotencyKey !== key);
    if (strange !== undefined) {
      wrong.push(`${label} has its effect under ${key}, and ran under ${strange.idempotencyKey}`);
    }
  }
  return wrong;
}

function isOneway(method: string): boolean {
  return method === "note" || method === "keyedNote";
}
