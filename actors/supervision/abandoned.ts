import type { TreeAbandoned } from "../../src/call/tree.ts";

/** Names of those that still run, at most, in the tree. */
const MAX_NAMES = 16;
/** Of how many it is remembered that they still run; the others are only counted. */
const MAX_REMEMBERED = 1_024;

/** What was left behind because it did not end when it was told to: counted, and named for as long as it runs. */
export class Abandoned {
  #count = 0;
  #endedLate = 0;
  readonly #running = new Map<object, string>();

  /** How many of them have ended after all. */
  get endedLate(): number {
    return this.#endedLate;
  }

  /** Something is left behind. */
  add(what: object, name: string): void {
    this.#count++;
    if (this.#running.size < MAX_REMEMBERED) this.#running.set(what, name);
  }

  /** It has ended after all. */
  ended(what: object): void {
    this.#endedLate++;
    this.#running.delete(what);
  }

  /** As data; `undefined` while nothing was ever left behind. */
  get node(): TreeAbandoned | undefined {
    if (this.#count === 0) return undefined;
    const names = new Set<string>();
    for (const name of this.#running.values()) {
      names.add(name);
      if (names.size === MAX_NAMES) break;
    }
    return { count: this.#count, running: [...names] };
  }
}
