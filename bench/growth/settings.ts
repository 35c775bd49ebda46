import { parseArgs } from "node:util";
import { positive, whole } from "../flags.ts";
import { SCENARIO_NAMES, type ScenarioName } from "./scenarios.ts";

/** What a run does. */
export interface Settings {
  readonly scenarios: readonly ScenarioName[];
  /** Measured seconds of one window. */
  readonly seconds: number;
  /** Seconds of load before each window. */
  readonly warmUp: number;
  /** Windows of each size. */
  readonly rounds: number;
  /** Requests that wait on the broker. */
  readonly backlog: number;
  /** Fewer and smaller sizes. */
  readonly quick: boolean;
  /** Whose processor time is the broker's, where it was not started by this run. */
  readonly brokerPid: number | undefined;
}

/** How the program is called. */
export const USAGE = `Shows what a call costs as things grow.

  deno task bench:growth [--scenarios ${SCENARIO_NAMES.join(",")}]
                         [--seconds 4] [--warm-up 3] [--rounds 3] [--backlog 1000000] [--broker-pid <pid>] [--quick]

It starts a RocketMQ of its own unless ROCKET_ACTORS_NAME_SERVER names one.`;

const DEFAULTS = { seconds: "4", warmUp: "3", rounds: "3", backlog: "1000000" } as const;
const QUICK = { seconds: "1.5", warmUp: "1", rounds: "1", backlog: "20000" } as const;

/**
 * Reads the flags.
 *
 * @throws {TypeError} on an unknown flag or scenario
 * @throws {RangeError} on a number that makes no sense
 */
export function settingsFrom(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "scenarios": { type: "string", default: SCENARIO_NAMES.join(",") },
      "seconds": { type: "string" },
      "warm-up": { type: "string" },
      "rounds": { type: "string" },
      "backlog": { type: "string" },
      "broker-pid": { type: "string" },
      "quick": { type: "boolean", default: false },
    },
  });
  const defaults = values.quick ? QUICK : DEFAULTS;
  const pid = values["broker-pid"];
  return {
    scenarios: values.scenarios.split(",").map(scenario),
    seconds: positive("seconds", values.seconds ?? defaults.seconds),
    warmUp: positive("warm-up", values["warm-up"] ?? defaults.warmUp),
    rounds: whole("rounds", values.rounds ?? defaults.rounds, 1),
    backlog: whole("backlog", values.backlog ?? defaults.backlog, 1),
    quick: values.quick,
    brokerPid: pid === undefined ? undefined : whole("broker-pid", pid, 1),
  };
}

function scenario(text: string): ScenarioName {
  const known = SCENARIO_NAMES.find((name) => name === text);
  if (known === undefined) {
    throw new TypeError(`--scenarios: "${text}" is none of ${SCENARIO_NAMES.join(", ")}`);
  }
  return known;
}
