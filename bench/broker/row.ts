import { type Figure, figureOf } from "./figure.ts";
import { type Load, sizeOf } from "./load.ts";
import { type ByRole, byRole, type Measured } from "./pair.ts";

/** What a row is about. */
export interface RowKey {
  /** Who was measured. */
  readonly peer: string;
  readonly load: Load;
  /** Bytes of each body. */
  readonly body: number;
}

/** One peer at one load, over all rounds. */
export interface Row extends RowKey {
  readonly callsPerSecond: Figure;
  readonly p50Ms: Figure;
  readonly p99Ms: Figure;
  readonly p999Ms: Figure;
  readonly lateP99Ms: Figure;
  /** Microseconds per call; `undefined` where they could not be read. */
  readonly cpuUs: ByRole<Figure>;
  /** Memory when a window was over; `undefined` where it could not be read. */
  readonly mib: ByRole<Figure>;
  /** Percent of the processors' time that went to others than this peer; `undefined` where it could not be read. */
  readonly othersPercent: Figure | undefined;
  /** Calls that failed, in all rounds together. */
  readonly failed: number;
  readonly errors: readonly string[];
}

/** Sums the rounds of one row up. */
export function rowOf(key: RowKey, rounds: readonly Measured[]): Row {
  const windows = rounds.map(({ window }) => window);
  const figures = (of: (measured: Measured) => number | undefined) => knownFigure(rounds.map(of));
  return {
    ...key,
    callsPerSecond: figureOf(windows.map(({ calls, seconds }) => calls / seconds)),
    p50Ms: figureOf(windows.map(({ p50Ms }) => p50Ms)),
    p99Ms: figureOf(windows.map(({ p99Ms }) => p99Ms)),
    p999Ms: figureOf(windows.map(({ p999Ms }) => p999Ms)),
    lateP99Ms: figureOf(windows.map(({ lateP99Ms }) => lateP99Ms)),
    cpuUs: byRole((role) => figures(({ cpuUs }) => cpuUs[role])),
    mib: byRole((role) =>
      figures(({ residentBytes }) => {
        const bytes = residentBytes[role];
        return bytes === undefined ? undefined : bytes / 1024 / 1024;
      })
    ),
    othersPercent: figures(({ others }) => others === undefined ? undefined : others * 100),
    failed: windows.reduce((sum, { failed }) => sum + failed, 0),
    errors: [...new Set(windows.map(({ anError }) => anError).filter((text) => text !== ""))],
  };
}

/** How a peer compares with another one, by medians. */
export interface Ratio {
  readonly row: Row;
  /** Above 1: more calls per second. */
  readonly callsPerSecond: number;
  /** Below 1: a shorter median. */
  readonly p50: number;
}

/** The ratios of every other peer to the one named `base`; none where that was not measured. */
export function ratiosOf(rows: readonly Row[], base: string): Ratio[] {
  return rows.flatMap((row): Ratio[] => {
    const other = row.peer === base ? undefined : rows.find((one) => one.peer === base && alike(one, row));
    if (other === undefined) return [];
    return [{
      row,
      callsPerSecond: row.callsPerSecond.median / other.callsPerSecond.median,
      p50: row.p50Ms.median / other.p50Ms.median,
    }];
  });
}

function alike(one: RowKey, other: RowKey): boolean {
  return one.body === other.body && one.load.kind === other.load.kind &&
    sizeOf(one.load) === sizeOf(other.load);
}

function knownFigure(values: readonly (number | undefined)[]): Figure | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length && known.length > 0 ? figureOf(known) : undefined;
}
