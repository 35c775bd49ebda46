import type { Clock } from "../../src/async/clock.ts";

/** How a {@linkcode RestartLimit} counts. */
export interface RestartLimitOptions {
  /** Restarts that are allowed within any period. 0 allows none. */
  readonly intensity: number;
  /** Length of the sliding period in milliseconds. */
  readonly periodMs: number;
  /** Where time comes from. */
  readonly clock: Clock;
}

/** The most restarts that a limit can count: it remembers the time of each. */
const MAX_INTENSITY = 1_000;
const MAX_PERIOD_MS = 86_400_000;

/**
 * OTP's restart intensity: no more than so many restarts within any period of that length, both ends included.
 *
 * It remembers as many times as the intensity says, and none before the first restart. What was refused is not
 * counted.
 */
export class RestartLimit {
  readonly #intensity: number;
  readonly #periodMs: number;
  readonly #clock: Clock;
  /** When the last restarts happened: a ring, made by the first of them. */
  #times: Float64Array | undefined;
  /** Where the next time goes; the oldest one is there when the ring is full. */
  #next = 0;
  /** How many entries of the ring are filled. */
  #filled = 0;

  /**
   * Starts with nothing spent.
   *
   * @throws {RangeError} unless `intensity` is a whole number from 0 to 1,000 and `periodMs` from 1 ms to one day
   */
  constructor({ intensity, periodMs, clock }: RestartLimitOptions) {
    checkRestartLimit(intensity, periodMs);
    this.#intensity = intensity;
    this.#periodMs = periodMs;
    this.#clock = clock;
  }

  /** How many restarts are left at this moment. */
  get remaining(): number {
    if (this.#times === undefined) return this.#intensity;
    const since = this.#clock.monotonic() - this.#periodMs;
    let within = 0;
    for (let index = 0; index < this.#filled; index++) {
      if ((this.#times[index] ?? -Infinity) >= since) within++;
    }
    return this.#intensity - within;
  }

  /** Takes one restart; `false` when there was none left. */
  spend(): boolean {
    if (this.#intensity === 0) return false;
    const times = this.#times ??= new Float64Array(this.#intensity);
    const nowMs = this.#clock.monotonic();
    const oldestMs = this.#filled < this.#intensity ? -Infinity : times[this.#next] ?? -Infinity;
    if (oldestMs >= nowMs - this.#periodMs) return false;
    times[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#intensity;
    this.#filled = Math.min(this.#intensity, this.#filled + 1);
    return true;
  }

  /** Forgets what was spent. */
  reset(): void {
    this.#filled = this.#next = 0;
  }
}

/**
 * Checks a limit that a user wrote.
 *
 * @throws {RangeError} unless `intensity` is a whole number from 0 to 1,000 and `periodMs` from 1 ms to one day
 */
export function checkRestartLimit(intensity: number, periodMs: number): void {
  if (!(Number.isInteger(intensity) && intensity >= 0 && intensity <= MAX_INTENSITY)) {
    throw new RangeError(
      `Cannot use 'intensity': it must be a whole number from 0 to ${MAX_INTENSITY}: current value is ${intensity}`,
    );
  }
  if (!(typeof periodMs === "number" && periodMs >= 1 && periodMs <= MAX_PERIOD_MS)) {
    throw new RangeError(
      `Cannot use 'periodMs': it must be from 1 to ${MAX_PERIOD_MS}: current value is ${periodMs}`,
    );
  }
}
