import { Backoff } from "../../src/async/backoff.ts";
import type { Clock, Timer } from "../../src/async/clock.ts";
import type { Random } from "../../src/async/random.ts";
import type { ActorCell } from "./actor_cell.ts";
import type { Supervision } from "../supervision/supervision.ts";
import type { TreeFailure } from "../../src/call/tree.ts";
import { treeFailure } from "../supervision/tree_failure.ts";

/** A cell that failed, until it is forgotten with its cell. */
export interface Trouble {
  readonly backoff: Backoff;
  /** How often it failed. */
  failures: number;
  lastFailure: TreeFailure;
  /** What ends the wait before the next life, or the suspension. */
  timer: Timer | undefined;
  /** While it is suspended: when it takes calls again, epoch milliseconds. */
  reopensAtMs: number | undefined;
}

/** What an entity keeps of those of its cells that failed; cells that never did cost nothing here. */
export class Troubles {
  readonly #supervision: Supervision;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #cells = new Map<ActorCell, Trouble>();

  constructor(supervision: Supervision, clock: Clock, random: Random) {
    this.#supervision = supervision;
    this.#clock = clock;
    this.#random = random;
  }

  /** Those that failed, as they did so first. */
  get cells(): Iterable<ActorCell> {
    return this.#cells.keys();
  }

  get(cell: ActorCell): Trouble | undefined {
    return this.#cells.get(cell);
  }

  /**
   * A cell failed, after a life of that length.
   *
   * @returns the wait before its next life, in milliseconds
   */
  failed(cell: ActorCell, error: unknown, ranMs: number): number {
    const lastFailure = treeFailure(error, this.#clock.now());
    const trouble = this.#cells.get(cell) ?? this.#create(cell, lastFailure);
    trouble.failures++;
    trouble.lastFailure = lastFailure;
    if (ranMs >= this.#supervision.periodMs) trouble.backoff.reset();
    return trouble.backoff.next();
  }

  /** Calls `callback` in `ms`, unless the cell is forgotten or waits anew before. */
  wait(cell: ActorCell, ms: number, callback: () => void): void {
    const trouble = this.#cells.get(cell);
    if (trouble === undefined) return;
    trouble.timer?.cancel();
    trouble.timer = this.#clock.after(ms, () => {
      trouble.timer = trouble.reopensAtMs = undefined;
      callback();
    });
  }

  /** The cell waits no longer, and is forgotten. */
  forget(cell: ActorCell): void {
    this.#cells.get(cell)?.timer?.cancel();
    this.#cells.delete(cell);
  }

  #create(cell: ActorCell, lastFailure: TreeFailure): Trouble {
    const backoff = new Backoff({ ...this.#supervision.backoff, random: this.#random });
    const trouble = { backoff, failures: 0, lastFailure, timer: undefined, reopensAtMs: undefined };
    this.#cells.set(cell, trouble);
    return trouble;
  }
}
