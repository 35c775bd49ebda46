import { type Figure, figureOf } from "./figure.ts";
import type { Measured } from "./peer.ts";
import type { PeerName } from "./settings.ts";

/** One peer at one number of calls in flight, over all rounds. */
export interface Row {
  readonly peer: PeerName;
  readonly inFlight: number;
  readonly callsPerSecond: Figure;
  readonly p50Ms: Figure;
  readonly p99Ms: Figure;
  /** Microseconds per call; `undefined` where they could not be read. */
  readonly cpuUs: {
    readonly requester: Figure | undefined;
    readonly responder: Figure | undefined;
    readonly broker: Figure | undefined;
  };
  /** Calls that failed, in all rounds together. */
  readonly failed: number;
  readonly errors: readonly string[];
}

/** Sums the rounds of one row up. */
export function rowOf(peer: PeerName, inFlight: number, rounds: readonly Measured[]): Row {
  const windows = rounds.map(({ window }) => window);
  const cpu = (who: keyof Measured["cpu"]) => knownFigure(rounds.map((round) => round.cpu[who]));
  return {
    peer,
    inFlight,
    callsPerSecond: figureOf(windows.map(({ calls, seconds }) => calls / seconds)),
    p50Ms: figureOf(windows.map(({ p50Ms }) => p50Ms)),
    p99Ms: figureOf(windows.map(({ p99Ms }) => p99Ms)),
    cpuUs: { requester: cpu("requester"), responder: cpu("responder"), broker: cpu("broker") },
    failed: windows.reduce((sum, { failed }) => sum + failed, 0),
    errors: [...new Set(windows.map(({ anError }) => anError).filter((text) => text !== ""))],
  };
}

/** How a peer compares with the Java client, by medians. */
export interface Ratio {
  readonly peer: PeerName;
  readonly inFlight: number;
  /** Above 1: more calls per second than Java. */
  readonly callsPerSecond: number;
  /** Below 1: a shorter median than Java's. */
  readonly p50: number;
}

/** The ratios to Java of every other peer; none where Java was not measured. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  return rows.flatMap((row): Ratio[] => {
    if (row.peer === "java") return [];
    const java = rows.find(({ peer, inFlight }) => peer === "java" && inFlight === row.inFlight);
    if (java === undefined) return [];
    return [{
      peer: row.peer,
      inFlight: row.inFlight,
      callsPerSecond: row.callsPerSecond.median / java.callsPerSecond.median,
      p50: row.p50Ms.median / java.p50Ms.median,
    }];
  });
}

function knownFigure(values: readonly (number | undefined)[]): Figure | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? figureOf(known) : undefined;
}
