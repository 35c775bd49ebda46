import type { RandomBytes } from "../src/async/ids.ts";
import type { Random } from "../src/async/random.ts";

/**
 * Random numbers that are the same for the same seed and name, on every machine. Different names give independent
 * ones: who draws more often from one does not change another.
 */
export class Seeded {
  readonly #text: string;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * Begins with the seed's first number.
   *
   * @param seed whatever tells runs apart
   * @param name what the numbers are for
   */
  constructor(seed: number | string, name = "") {
    this.#text = `${seed}/${name}`;
    this.#a = hash32(this.#text, 0x9e3779b9);
    this.#b = hash32(this.#text, 0x243f6a88);
    this.#c = hash32(this.#text, 0xb7e15162);
    this.#d = 1;
    // The first numbers of texts that are alike are alike too.
    for (let round = 0; round < 12; round++) this.#next();
  }

  /** Numbers of their own, for something else. */
  fork(name: string): Seeded {
    return new Seeded(this.#text, name);
  }

  /** A number in [0, 1). What takes a `Random` takes this. */
  readonly random: Random = () => this.#next() / 0x1_0000_0000;

  /** Fills an array with bytes: what ids are made of. */
  readonly bytes: RandomBytes = (into) => {
    for (let index = 0; index < into.length; index++) into[index] = this.#next() & 0xff;
  };

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** Whether something happens that has this probability. */
  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /**
   * One of the items.
   *
   * @throws {RangeError} when there are none
   */
  pick<T>(items: readonly T[]): T {
    const index = this.int(0, items.length - 1);
    if (index >= items.length || index < 0) throw new RangeError("Cannot pick one of no items");
    // It is in range: an item that is `undefined` is one too.
    return items[index] as T;
  }

  /** One step of sfc32, a small generator that passes the usual tests. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}

/** A text as 32 bits: FNV-1a, mixed at the end. */
export function hash32(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
