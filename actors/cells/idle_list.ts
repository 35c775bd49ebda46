import type { ActorCell } from "./actor_cell.ts";

/** Cells with nothing to do, in the order in which they ran out of it. Entering and leaving are a few pointer writes. */
export class IdleList {
  #first: ActorCell | undefined;
  #last: ActorCell | undefined;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The one that has been idle for longest. */
  get first(): ActorCell | undefined {
    return this.#first;
  }

  /** Adds a cell behind all others; one that is here stays where it is. */
  add(cell: ActorCell, nowMs: number): void {
    if (this.#has(cell)) return;
    cell.idleSinceMs = nowMs;
    cell.previous = this.#last;
    if (this.#last === undefined) this.#first = cell;
    else this.#last.next = cell;
    this.#last = cell;
    this.#size++;
  }

  /** Takes a cell out, if it is here. */
  remove(cell: ActorCell): void {
    if (!this.#has(cell)) return;
    const { previous, next } = cell;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    cell.previous = cell.next = undefined;
    this.#size--;
  }

  #has(cell: ActorCell): boolean {
    return cell.previous !== undefined || this.#first === cell;
  }
}
