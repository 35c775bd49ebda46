/** Numbers in [0, 1) that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

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
