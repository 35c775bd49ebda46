import type { StageOptions } from "./stage.ts";

/** One thing that grows. */
export interface Scenario {
  /** What it is, for the report. */
  readonly what: string;
  /** What a size counts. */
  readonly unit: string;
  readonly sizes: readonly number[];
  /** For a first look. */
  readonly quickSizes: readonly number[];
  readonly inFlight: number;
  /** What runs at a size. */
  stage(size: number): Omit<StageOptions, "contract">;
  /** Bytes of each body at a size; default 128. */
  readonly body?: (size: number) => number;
  /** Slow calls under way beside those that are measured, at a size; default none. */
  readonly beside?: (size: number) => number;
}

const alone = { size: 1, instances: 1 } as const;
const MIB = 1024 * 1024;

/** All but the backlog, which is no matter of calls in flight. */
export const SCENARIOS = {
  "services": {
    what:
      "services of one system, called in turn; `packing: false`, so that what calls gain that meet in one service does not count",
    unit: "services",
    sizes: [1, 10, 100, 1_000],
    quickSizes: [1, 10],
    inFlight: 64,
    stage: (size) => ({ kind: "services-unpacked", size, instances: 1 }),
  },
  "services-packed": {
    what: "services of one system, called in turn",
    unit: "services",
    sizes: [1, 10, 100],
    quickSizes: [1, 10],
    inFlight: 64,
    stage: (size) => ({ kind: "services", size, instances: 1 }),
  },
  keys: {
    what: "keys of one entity, called in turn, all of them live",
    unit: "keys",
    sizes: [1, 100, 1_000, 10_000],
    quickSizes: [1, 1_000],
    inFlight: 64,
    stage: (size) => ({ kind: "keys", size, instances: 1 }),
  },
  "queues": {
    what: "queues of one service's topic, all in one slot; `packing: false`",
    unit: "queues",
    sizes: [1, 4, 16, 64],
    quickSizes: [1, 64],
    inFlight: 64,
    stage: (size) => ({ kind: "echo-unpacked", ...alone, queues: size }),
  },
  "queues-packed": {
    what: "queues of one service's topic, all in one slot",
    unit: "queues",
    sizes: [1, 4, 16, 64],
    quickSizes: [1, 64],
    inFlight: 64,
    stage: (size) => ({ kind: "echo", ...alone, queues: size }),
  },
  instances: {
    what: "instances of one service, each a process; its topic has 16 queues",
    unit: "instances",
    sizes: [1, 2, 4, 8],
    quickSizes: [1, 3],
    inFlight: 64,
    stage: (size) => ({ kind: "echo", size: 1, instances: size }),
  },
  bodies: {
    what: "bytes of each body, either way",
    unit: "bytes",
    sizes: [128, 1_024, 16_384, 65_536, 262_144, MIB, 3 * MIB],
    quickSizes: [128, 65_536, 3 * MIB],
    inFlight: 8,
    stage: () => ({ kind: "echo", ...alone }),
    body: (size) => size,
  },
  neighbours: {
    what:
      "calls under way to a slow method (100 ms) beside those that are measured, to a quick one of another slot; " +
      "the server's and the responder's processor time is that of both",
    unit: "slow calls",
    sizes: [0, 64, 256],
    quickSizes: [0, 64],
    inFlight: 16,
    stage: () => ({ kind: "quick", ...alone }),
    beside: (size) => size,
  },
} as const satisfies Record<string, Scenario>;

/** One of them, or the backlog. */
export type ScenarioName = keyof typeof SCENARIOS | "backlog";

/** Their names, in the order in which they run. */
export const SCENARIO_NAMES: readonly ScenarioName[] = [
  ...["services", "services-packed", "keys", "queues", "queues-packed"] as const,
  ...["instances", "bodies", "neighbours", "backlog"] as const,
];
