import type { Incarnation } from "./incarnation.ts";
import type { TreeAbandoned } from "./tree.ts";

/** Names of those that still run, at most, in the tree. */
const MAX_NAMES = 16;

/** Incarnations that a supervisor left behind, counted, and named for as long as they run. */
export class Abandoned {
  #count = 0;
  readonly #running = new Set<Incarnation>();

  add(life: Incarnation): void {
    this.#count++;
    this.#running.add(life);
  }

  ended(life: Incarnation): void {
    this.#running.delete(life);
  }

  /** As data; `undefined` while nothing was ever left behind. */
  get node(): TreeAbandoned | undefined {
    if (this.#count === 0) return undefined;
    const names = new Set<string>();
    for (const { checked } of this.#running) {
      names.add(checked.id);
      if (names.size === MAX_NAMES) break;
    }
    return { count: this.#count, running: [...names] };
  }
}
