import { parseArgs } from "node:util";
import { bodyBytes, positive, whole, wholes } from "../flags.ts";
import { embeddedPeer, type EmbeddedPeerName } from "./peers.ts";

/** What a run does. */
export interface Settings {
  /** Calls under way at once, one row each. */
  readonly inFlight: readonly number[];
  /** Measured seconds of one window. */
  readonly seconds: number;
  /** Windows of each row, after one round that does not count. */
  readonly rounds: number;
  /** Bytes of the body, in either direction. */
  readonly body: number;
  readonly peers: readonly EmbeddedPeerName[];
}

/** How the program is called. */
export const USAGE = `Measures calls within one process, and what each stop of a call costs.

  deno task bench [--in-flight 1,64,1024] [--seconds 2] [--rounds 5] [--body 128]
                  [--peers ours,nact] [--quick]`;

const DEFAULTS = { seconds: "2", rounds: "5" } as const;
const QUICK = { seconds: "0.5", rounds: "2" } as const;

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
      "in-flight": { type: "string", default: "1,64,1024" },
      "seconds": { type: "string" },
      "rounds": { type: "string" },
      "body": { type: "string", default: "128" },
      "peers": { type: "string", default: "ours,nact" },
      "quick": { type: "boolean", default: false },
    },
  });
  const defaults = values.quick ? QUICK : DEFAULTS;
  return {
    inFlight: wholes("in-flight", values["in-flight"]),
    seconds: positive("seconds", values.seconds ?? defaults.seconds),
    rounds: whole("rounds", values.rounds ?? defaults.rounds, 1),
    body: bodyBytes(values.body),
    peers: values.peers.split(",").map(peer),
  };
}

function peer(text: string): EmbeddedPeerName {
  const known = embeddedPeer(text);
  if (known === undefined) throw new TypeError(`--peers: "${text}" is neither "ours" nor "nact"`);
  return known;
}
