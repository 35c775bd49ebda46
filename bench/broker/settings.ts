import { parseArgs } from "node:util";
import { bodiesOf, positive, whole, wholes } from "../flags.ts";
import type { Load } from "./load.ts";
import { PEER_NAMES, type PeerName } from "./peers/peers.ts";

/** What a run does. */
export interface Settings {
  /** One row each. */
  readonly loads: readonly Load[];
  /** Measured seconds of one window. */
  readonly seconds: number;
  /** Seconds of load before each window. */
  readonly warmUp: number;
  /** Windows of each row, after one round that does not count. */
  readonly rounds: number;
  /** Bytes of the body, in either direction; a table each. */
  readonly bodies: readonly number[];
  readonly peers: readonly PeerName[];
  /** Whose processor time is the broker's, where it was not started by this run. */
  readonly brokerPid: number | undefined;
}

/** How the program is called. */
export const USAGE = `Compares our calls with those of others, all on this machine and in turns.

  deno task bench:broker [--in-flight 1,16,64,256,1024] [--seconds 3] [--warm-up 3] [--rounds 3] [--body 128]
                         [--peers ${PEER_NAMES.join(",")}]
                         [--rate 500,2000] [--broker-pid <pid>] [--quick] [--full]

--body      bytes of each body, also several: 128,1024,65536
--rate      an open loop instead of a closed one: so many calls begin each second, timed from when they were due
--quick     shorter windows, one round, 1, 64 and 256 in flight
--full      bodies of 128 B, 1 KiB and 64 KiB

It starts a RocketMQ of its own unless ROCKET_ACTORS_NAME_SERVER names one. Peers that cannot be installed are left out,
with a line that says why.`;

const DEFAULTS = { inFlight: "1,16,64,256,1024", seconds: "3", warmUp: "3", rounds: "3" } as const;
const QUICK = { inFlight: "1,64,256", seconds: "2", warmUp: "0.5", rounds: "1" } as const;
const FULL_BODIES = "128,1024,65536";

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
      "rate": { type: "string" },
      "seconds": { type: "string" },
      "warm-up": { type: "string" },
      "rounds": { type: "string" },
      "body": { type: "string" },
      "peers": { type: "string", default: PEER_NAMES.join(",") },
      "broker-pid": { type: "string" },
      "quick": { type: "boolean", default: false },
      "full": { type: "boolean", default: false },
    },
  });
  const defaults = values.quick ? QUICK : DEFAULTS;
  const pid = values["broker-pid"];
  return {
    loads: loadsFrom(values.rate, values["in-flight"] ?? defaults.inFlight),
    seconds: positive("seconds", values.seconds ?? defaults.seconds),
    warmUp: positive("warm-up", values["warm-up"] ?? defaults.warmUp),
    rounds: whole("rounds", values.rounds ?? defaults.rounds, 1),
    bodies: bodiesOf(values.body ?? (values.full ? FULL_BODIES : "128")),
    peers: values.peers.split(",").map(peer),
    brokerPid: pid === undefined ? undefined : whole("broker-pid", pid, 1),
  };
}

function loadsFrom(rate: string | undefined, inFlight: string): Load[] {
  if (rate !== undefined) {
    return wholes("rate", rate).map((perSecond): Load => ({ kind: "open", perSecond }));
  }
  return wholes("in-flight", inFlight).map((inFlight): Load => ({ kind: "closed", inFlight }));
}

function peer(text: string): PeerName {
  const known = PEER_NAMES.find((name) => name === text);
  if (known === undefined) throw new TypeError(`--peers: "${text}" is none of ${PEER_NAMES.join(", ")}`);
  return known;
}
