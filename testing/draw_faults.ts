import { topicOf } from "../src/call/plan.ts";
import type { Contract } from "../src/contract/types.ts";
import { QUEUES_PER_MASTER } from "../src/contract/defaults.ts";
import { type Fault, type Operation, STEPS } from "./faults.ts";
import { Seeded } from "./seeded.ts";

/** What faults are drawn for. */
export interface FaultRange {
  /** How many. */
  readonly count: number;
  /** Names of the processes that serve. */
  readonly servers: readonly string[];
  /** Names of the processes that only call; they are not killed. */
  readonly callers?: readonly string[] | undefined;
  /** The contracts whose queues are taken from their owners. */
  readonly contracts: readonly Pick<Contract, "name">[];
  /** In how many milliseconds of the world faults happen. */
  readonly withinMs: number;
  /** Of how many operations of each kind and process one is struck. Default: 40. */
  readonly operations?: number | undefined;
  /** Only faults of these kinds. Default: all. */
  readonly kinds?: readonly Fault["kind"][] | undefined;
}

/** All kinds of faults. */
export const KINDS: readonly Fault["kind"][] = [
  "delay",
  "drop",
  "lost answer",
  "duplicate",
  "stall",
  "members",
  "crash",
  "kill",
  "freeze",
  "revoke",
  "lost lock",
  "rollback",
];

const OPERATIONS: readonly Operation[] = ["send", "reply", "look", "store"];

/** Draws a list of faults: the same for the same seed and range. */
export function drawFaults(seed: number, range: FaultRange): readonly Fault[] {
  const random = new Seeded(seed, "faults");
  const kinds = range.kinds ?? KINDS;
  if (kinds.length === 0) return [];
  return Array.from({ length: range.count }, () => draw(random, random.pick(kinds), range));
}

function draw(random: Seeded, kind: Fault["kind"], range: FaultRange): Fault {
  const { servers, callers = [], contracts, withinMs, operations = 40 } = range;
  const process = random.pick([...servers, ...callers]);
  const server = random.pick(servers);
  const nth = random.int(1, operations);
  const atMs = random.int(1, withinMs);
  const topic = topicOf(random.pick(contracts).name);
  const queue = random.int(0, QUEUES_PER_MASTER - 1);
  const on = random.pick(OPERATIONS);
  switch (kind) {
    case "delay":
      return { kind, process, on, nth, ms: random.int(1, 4_000) };
    case "drop":
      return { kind, process, on, nth, known: random.chance(0.5) };
    case "lost answer":
      return { kind, process, on, nth };
    case "duplicate":
      return { kind, process, nth, ms: random.int(0, 300) };
    case "stall":
      return { kind, process: server, nth, ms: random.int(10, 3_000) };
    case "members":
      return { kind, process, nth, sees: random.pick(["nobody", "unknown", "strangers"] as const) };
    case "crash":
      return { kind, process: server, step: random.pick(STEPS), nth, noticedAfterMs: random.int(1, 500) };
    case "kill":
      return { kind, atMs, process: server };
    case "freeze":
      return { kind, atMs, process: server, ms: random.int(100, 12_000) };
    case "revoke":
    case "lost lock":
      return { kind, atMs, topic, queue };
    case "rollback":
      return { kind, atMs, topic, queue, messages: random.int(1, 30) };
  }
}
