import { afterOthers } from "../../src/async/event_loop.ts";

/** Who waits for the next turn. */
export interface Parked {
  /** The next turn has come. Must not throw. */
  resume(): void;
}

/** Calls that all cells of a system start before the event loop gets its turn: at least as many as a pack carries. */
const STARTS_PER_TURN = 128;

/**
 * Fairness between handlers and everything else in the process: handlers that answer at once, or by microtasks
 * only, would keep timers and sockets waiting for as long as there are calls. After a number of starts the cells
 * pause until the event loop has come round. Where it comes round by itself, they do not: every turn has at least its
 * number of starts, and at most twice as many.
 */
export class Turns {
  readonly #perTurn: number;
  #left: number;
  #scheduled = false;
  #parked: Parked[] = [];

  /** @param perTurn how many calls start, at least, before the event loop gets its turn */
  constructor(perTurn: number = STARTS_PER_TURN) {
    this.#perTurn = perTurn;
    this.#left = 2 * perTurn;
  }

  /** Takes one start; `false` when this turn has none left: park. */
  take(): boolean {
    if (this.#left === 0) return false;
    // Asked for while there is enough for this turn: to look each time whether a turn is a new one costs more.
    if (--this.#left < this.#perTurn) this.#schedule();
    return true;
  }

  /** Resumes the cell once the event loop has come round, in the order of parking. */
  park(cell: Parked): void {
    this.#parked.push(cell);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    afterOthers(() => this.#next());
  }

  #next(): void {
    this.#scheduled = false;
    this.#left = 2 * this.#perTurn;
    const parked = this.#parked;
    this.#parked = [];
    for (const cell of parked) cell.resume();
  }
}
