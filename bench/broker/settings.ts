import { parseArgs } from "node:util";
import { bodyBytes, positive, whole, wholes } from "../flags.ts";

/** Who is measured: our call, our call with packing off, the official Java client. */
export type PeerName = "ours" | "unpacked" | "java";

/** All of them, in the order in which they take turns. */
export const PEERS: readonly PeerName[] = ["ours", "unpacked", "java"];

/** What a run does. */
export interface Settings {
  /** Calls under way at once, one row each. */
  readonly inFlight: readonly number[];
  /** Measured seconds of one window. */
  readonly seconds: number;
  /** Seconds of load before each window. */
  readonly warmUp: number;
  /** Windows of each row, after one round that does not count. */
  readonly rounds: number;
  /** Bytes of the body, in either direction. */
  readonly body: number;
  readonly peers: readonly PeerName[];
  /** Whose processor time is the broker's, where it was not started by this run. */
  readonly brokerPid: number | undefined;
}

/** How the program is called. */
export const USAGE = `Compares our calls with the official Java client's request-reply on one broker.

  deno task bench:broker [--in-flight 1,16,64,256] [--seconds 4] [--warm-up 1] [--rounds 3] [--body 128]
                         [--peers ours,unpacked,java] [--broker-pid <pid>] [--quick]

It starts a RocketMQ of its own unless ROCKET_ACTORS_NAME_SERVER names one.`;

const DEFAULTS = { inFlight: "1,16,64,256", seconds: "4", warmUp: "1", rounds: "3" } as const;
const QUICK = { inFlight: "1,64,256", seconds: "2", warmUp: "0.5", rounds: "1" } as const;

/**
 * Reads the flags.
 *
 * @throws {TypeError} on an unknown flag or peer
 * @throws {RangeError} on a number that makes no sense
 */
export function settingsFrom(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "in-flight": { type: "string" },
      "seconds": { type: "string" },
      "warm-up": { type: "string" },
      "rounds": { type: "string" },
      "body": { type: "string", default: "128" },
      "peers": { type: "string", default: PEERS.join(",") },
      "broker-pid": { type: "string" },
      "quick": { type: "boolean", default: false },
    },
  });
  const defaults = values.quick ? QUICK : DEFAULTS;
  const pid = values["broker-pid"];
  return {
    inFlight: wholes("in-flight", values["in-flight"] ?? defaults.inFlight),
    seconds: positive("seconds", values.seconds ?? defaults.seconds),
    warmUp: positive("warm-up", values["warm-up"] ?? defaults.warmUp),
    rounds: whole("rounds", values.rounds ?? defaults.rounds, 1),
    body: bodyBytes(values.body),
    peers: values.peers.split(",").map(peer),
    brokerPid: pid === undefined ? undefined : whole("broker-pid", pid, 1),
  };
}

function peer(text: string): PeerName {
  const known = PEERS.find((name) => name === text);
  if (known === undefined) throw new TypeError(`--peers: "${text}" is none of ${PEERS.join(", ")}`);
  return known;
}
