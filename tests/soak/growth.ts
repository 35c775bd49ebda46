/** What was seen while nothing was under way. */
export interface Sample {
  /** Since the start of the run. */
  readonly seconds: number;
  /** Calls made so far. */
  readonly calls: number;
  /** Heap and external memory in use after a collection, in bytes. */
  readonly heap: number;
  readonly timers: number;
  readonly files: number;
  readonly listeners: number;
  /** How long it took from the last call until everything was settled, in milliseconds. */
  readonly lagMs: number;
  /** The most by which the event loop was late since the sample before, in milliseconds; for people. */
  readonly loopMs: number;
}

/** What a run may grow by. */
export const LIMITS = {
  heapBytes: 16 * 1024 * 1024,
  timers: 8,
  files: 4,
  lagMs: 2_000,
} as const;

/** Of the samples, the part in which everything still fills up. */
const WARM_UP = 0.25;
const LEAST = 4;

/**
 * What is wrong with a run: the medians of its last third are compared with those of the first third after the
 * warm-up.
 *
 * @returns one sentence for each thing that grew
 * @throws {RangeError} when there are too few samples to tell
 */
export function grown(samples: readonly Sample[]): string[] {
  const settled = samples.slice(Math.floor(samples.length * WARM_UP));
  if (settled.length < LEAST) {
    throw new RangeError(`Cannot tell from ${settled.length} samples: run it longer`);
  }
  const third = Math.max(1, Math.floor(settled.length / 3));
  const first = settled.slice(0, third);
  const last = settled.slice(-third);
  const found: string[] = [];
  const compare = (what: string, of: (sample: Sample) => number, limit: number, unit = 1) => {
    const [before, after] = [median(first.map(of)), median(last.map(of))];
    if (after - before <= limit) return;
    found.push(`${what} grew from ${(before / unit).toFixed(1)} to ${(after / unit).toFixed(1)}`);
  };
  compare("The heap (MiB)", ({ heap }) => heap, LIMITS.heapBytes, 1024 * 1024);
  compare("Timers", ({ timers }) => timers, LIMITS.timers);
  compare("Open files", ({ files }) => files, LIMITS.files);
  compare("The lag (ms)", ({ lagMs }) => lagMs, LIMITS.lagMs);
  // Nothing is under way when it is looked: whatever still listens has been forgotten there.
  const left = Math.max(...samples.map(({ listeners }) => listeners));
  if (left > 0) found.push(`${left} listeners were left behind`);
  return found;
}

/** The samples as a table in Markdown. */
export function tableOf(samples: readonly Sample[]): string {
  const rows = samples.map(({ seconds, calls, heap, timers, files, listeners, lagMs, loopMs }) =>
    `| ${
      [
        seconds.toFixed(0),
        String(calls),
        (heap / 1024 / 1024).toFixed(1),
        String(timers),
        String(files),
        String(listeners),
        lagMs.toFixed(0),
        loopMs.toFixed(0),
      ].join(" | ")
    } |`
  );
  return [
    "| s | calls | heap MiB | timers | files | listeners | lag ms | loop ms |",
    "| --: | --: | --: | --: | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
