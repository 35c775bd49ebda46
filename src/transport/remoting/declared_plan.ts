import type { QueueRef } from "../transport.ts";

/** The namespace of the name servers' key-value store that queue plans are kept in, by topic. */
export const PLAN_NAMESPACE = "ROCKET_ACTORS_PLAN";

/** Largest number of a plan: what its header carries. */
const MAX_NUMBER = 999_999_999_999_999;
const MAX_SLOTS = 16;
/** A plan with more queues than that was not meant. */
const MAX_QUEUES = 65_536;

/** The queue plan of a topic as name servers keep it. */
export interface DeclaredPlan {
  /** From 1, larger with every change. */
  readonly number: number;
  /** How methods divide the queues. */
  readonly slots: number;
  /** How many queues each broker has, by its name. */
  readonly brokers: ReadonlyMap<string, number>;
}

/** Writes a plan as it is kept: `{"number":1,"slots":4,"brokers":{"broker-a":16}}`. */
export function formatPlan({ number, slots, brokers }: DeclaredPlan): string {
  const sorted = [...brokers].sort(([one], [other]) => one < other ? -1 : 1);
  return JSON.stringify({ number, slots, brokers: Object.fromEntries(sorted) });
}

/**
 * Reads a plan.
 *
 * @throws {TypeError} saying what is wrong with it
 */
export function parsePlan(text: string): DeclaredPlan {
  const plan = asRecord(jsonOf(text), "it");
  const brokers = new Map<string, number>();
  let queues = 0;
  for (const [name, count] of Object.entries(asRecord(plan["brokers"], "'brokers'"))) {
    brokers.set(name, whole(count, MAX_QUEUES, `'brokers.${name}'`));
    queues += brokers.get(name) ?? 0;
  }
  if (queues === 0 || queues > MAX_QUEUES) throw malformed("'brokers'", `1 to ${MAX_QUEUES} queues`);
  return {
    number: whole(plan["number"], MAX_NUMBER, "'number'"),
    slots: whole(plan["slots"], MAX_SLOTS, "'slots'"),
    brokers,
  };
}

/** The queues of a plan, sorted by broker and id. */
export function planQueues(topic: string, { brokers }: DeclaredPlan): readonly QueueRef[] {
  return [...brokers]
    .sort(([one], [other]) => one < other ? -1 : 1)
    .flatMap(([broker, count]) => Array.from({ length: count }, (_, id) => ({ topic, broker, id })));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("it", "JSON");
  }
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  // What was parsed from JSON and is an object has text for keys.
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw malformed(what, "an object");
}

function whole(value: unknown, max: number, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw malformed(what, `a whole number from 1 to ${max}`);
}

function malformed(what: string, expected: string): TypeError {
  const example = '{"number":2,"slots":4,"brokers":{"broker-a":16}}';
  return new TypeError(`${what} must be ${expected}, as in ${example}`);
}
