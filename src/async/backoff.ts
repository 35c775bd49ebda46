import { type Random, systemRandom } from "./random.ts";

/** How a {@linkcode Backoff} grows. */
export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds. */
  readonly initialMs: number;
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number;
  /** What the upper bound is multiplied by each time. Default: 2. */
  readonly factor?: number;
  /** Default: the machine's own. */
  readonly random?: Random;
}

/**
 * Waits that grow from one failure to the next, with full jitter: each is drawn evenly between zero and an upper
 * bound, so that many clients that lost the same server do not come back together.
 */
export class Backoff {
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #random: Random;
  #boundMs: number;

  /**
   * Starts at the first wait.
   *
   * @throws RangeError unless `0 <= initialMs <= maxMs` and `factor >= 1`, all finite
   */
  constructor({ initialMs, maxMs, factor = 2, random = systemRandom }: BackoffOptions) {
    if (!(initialMs >= 0 && initialMs <= maxMs && Number.isFinite(maxMs))) {
      throw new RangeError(`Cannot back off from ${initialMs} to ${maxMs} ms`);
    }
    if (!(factor >= 1 && Number.isFinite(factor))) {
      throw new RangeError(`Cannot back off by factor ${factor}`);
    }
    this.#initialMs = initialMs;
    this.#maxMs = maxMs;
    this.#factor = factor;
    this.#random = random;
    this.#boundMs = initialMs;
  }

  /** The next wait in milliseconds; the one after may be longer. */
  next(): number {
    const boundMs = this.#boundMs;
    this.#boundMs = Math.min(this.#maxMs, boundMs * this.#factor);
    return this.#random() * boundMs;
  }

  /** Starts over, after a success. */
  reset(): void {
    this.#boundMs = this.#initialMs;
  }
}
