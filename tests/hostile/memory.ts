import assert from "node:assert/strict";
import { heapUsed } from "../helpers/heap.ts";

/** Part of a run after which everything that is bounded has come to its bound: windows of duplicates, above all. */
const WARM_UP = 0.4;
/** What the heap may grow by after that, and what it may take in all, in bytes. */
const MOST_GROWTH = 32 * 1024 * 1024;
const MOST = 512 * 1024 * 1024;

/** Of a run, the part between two looks: each takes a collection. */
const STEP = 1 / 20;

/** Looks at the heap now and then, and fails once it has grown. */
export class Memory {
  #base: number | undefined;
  #most = 0;
  #next = STEP;

  /**
   * To be called whenever nothing is under way.
   *
   * @param done the part of the run that is done, from 0 to 1
   */
  readonly pass = async (done: number): Promise<void> => {
    if (done < this.#next) return;
    this.#next = done + STEP;
    // Twice: memory outside of the heap goes a while after the objects that it belonged to.
    heapUsed();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const used = heapUsed() + Deno.memoryUsage().external;
    if (done >= WARM_UP) this.#base ??= used;
    this.#most = Math.max(this.#most, used - (this.#base ?? used));
    assert.ok(used < MOST && this.#most < MOST_GROWTH, `the heap has grown: ${this}`);
  };

  toString(): string {
    const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
    return `${mib(this.#base ?? 0)} MiB after warm-up, at most ${mib(this.#most)} more`;
  }
}
