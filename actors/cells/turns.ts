import { afterOthers } from "../../src/async/event_loop.ts";

/** Who waits for the next turn. */
export interface Parked {
  /** The next turn has come. Must not throw. */
  resume(): void;
}

/** Calls that all cells of a system start before the event loop gets its turn. */
const STARTS_PER_TURN = 64;

/**
 * Fairness between handlers and everything else in the process: handlers that answer at once, or by microtasks
 * only, would keep timers and sockets waiting for as long as there are calls. After a number of starts the cells
 * pause until the event loop has come round.
 */
export class Turns {
  readonly #perTurn: number;
  #left: number;
  #parked: Parked[] = [];

  /** @param perTurn how many calls start before the event loop gets its turn */
  constructor(perTurn: number = STARTS_PER_TURN) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /** Takes one start; `false` when this turn has none left: park. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }

  /** Resumes the cell once the event loop has come round, in the order of parking. */
  park(cell: Parked): void {
    if (this.#parked.push(cell) === 1) afterOthers(() => this.#next());
  }

  #next(): void {
    this.#left = this.#perTurn;
    const parked = this.#parked;
    this.#parked = [];
    for (const cell of parked) cell.resume();
  }
}
