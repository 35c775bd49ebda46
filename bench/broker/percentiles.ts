/** Durations of one window, in milliseconds. Growing costs no more than an array's does, and holds no objects. */
export class Durations {
  #values = new Float64Array(4_096);
  #count = 0;

  /** How many were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds one, in milliseconds. */
  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = ms;
  }

  /** All of them in ascending order. */
  sorted(): Float64Array {
    return this.#values.slice(0, this.#count).sort();
  }
}

/** The value that `fraction` of all values do not exceed, by nearest rank; 0 of none. */
export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? 0;
}

/** What is shown of a window's durations. */
export function percentiles(durations: Durations): { p50Ms: number; p99Ms: number; p999Ms: number } {
  const sorted = durations.sorted();
  return {
    p50Ms: percentile(sorted, 0.50),
    p99Ms: percentile(sorted, 0.99),
    p999Ms: percentile(sorted, 0.999),
  };
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}
