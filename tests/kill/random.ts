import { seededRandom } from "../helpers/seeded_random.ts";

/** Draws what a test does. */
export class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Whether something happens that has this chance. */
  chance(chance: number): boolean {
    return this.#random() < chance;
  }

  /** A number from `from` up to `to`. */
  between(from: number, to: number): number {
    return from + this.#random() * (to - from);
  }

  /** One of them. */
  one<T>(all: readonly T[]): T {
    const drawn = all[Math.floor(this.#random() * all.length)];
    if (drawn === undefined) throw new RangeError("There is nothing to draw from");
    return drawn;
  }
}
