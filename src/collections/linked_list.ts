/** What can stand in a {@linkcode LinkedList}: in one at a time. */
export interface Linked<T> {
  /** Set by the list. */
  previous: T | undefined;
  /** Set by the list. */
  next: T | undefined;
}

/** A list whose items carry its links, so that any of them leaves in one step and nothing is allocated. */
export class LinkedList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  /** The item that was appended first. */
  get first(): T | undefined {
    return this.#first;
  }

  /** How many items it holds. */
  get size(): number {
    return this.#size;
  }

  /** Adds an item that is in no list, at the end. */
  append(item: T): void {
    item.previous = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#size++;
  }

  /** Takes an item of this list out. */
  remove(item: T): void {
    const { previous, next } = item;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.previous = item.next = undefined;
    this.#size--;
  }

  /** First to last. The item that was just given may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let item = this.#first; item !== undefined;) {
      const { next }: T = item;
      yield item;
      item = next;
    }
  }
}
