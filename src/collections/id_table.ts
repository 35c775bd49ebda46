/** What can stand in an {@linkcode IdTable}: in one at a time. */
export interface Identified<T> {
  readonly id: string;
  /** Set by the table. */
  nextInBucket: T | undefined;
}

const MIN_BUCKETS = 64;
/** What ids of one source differ in most: enough of it to spread them. */
const HASHED_LENGTH = 8;
/** As many items in one bucket are no accident: of well-spread ids, one in a hundred thousand finds so many there. */
const CROWDED = 8;

/**
 * Finds items by id, where they come and go all the time. A `Map` does that too, but makes itself anew whenever as many
 * have gone as it holds, and each table that it leaves behind keeps the next one alive once it is old, with all that
 * stood in it then: most calls of the last seconds (1.2 KB of each were copied by every scavenge). The items carry
 * their links, so that nothing is allocated.
 *
 * Whoever chooses ids can choose them to stand in one bucket: for those of others there is {@linkcode IdTable.offer}.
 */
export class IdTable<T extends Identified<T>> {
  #buckets: (T | undefined)[] = Array.from({ length: MIN_BUCKETS });
  #size = 0;

  /** How many items it holds. */
  get size(): number {
    return this.#size;
  }

  /** The item of that id, the one that was added last should there be several. */
  get(id: string): T | undefined {
    let item = this.#buckets[bucketOf(id, this.#buckets.length)];
    while (item !== undefined && item.id !== id) item = item.nextInBucket;
    return item;
  }

  /** Adds an item that is in no table. */
  add(item: T): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    this.#size++;
    this.#put(item);
  }

  /** Adds an item that is in no table, unless too many stand where it has to stand: then `false`. */
  offer(item: T): boolean {
    let others = 0;
    let at = this.#buckets[bucketOf(item.id, this.#buckets.length)];
    for (; at !== undefined; at = at.nextInBucket) if (++others === CROWDED) return false;
    this.add(item);
    return true;
  }

  /** Takes an item out; `false` when it is not here. */
  delete(item: T): boolean {
    const bucket = bucketOf(item.id, this.#buckets.length);
    let previous: T | undefined;
    for (let at = this.#buckets[bucket]; at !== undefined; previous = at, at = at.nextInBucket) {
      if (at !== item) continue;
      if (previous === undefined) this.#buckets[bucket] = item.nextInBucket;
      else previous.nextInBucket = item.nextInBucket;
      item.nextInBucket = undefined;
      this.#size--;
      return true;
    }
    return false;
  }

  /** All items, in no order. */
  items(): T[] {
    const items: T[] = [];
    for (let item of this.#buckets) {
      for (; item !== undefined; item = item.nextInBucket) items.push(item);
    }
    return items;
  }

  #put(item: T): void {
    const bucket = bucketOf(item.id, this.#buckets.length);
    item.nextInBucket = this.#buckets[bucket];
    this.#buckets[bucket] = item;
  }

  #grow(): void {
    const items = this.items();
    this.#buckets = Array.from({ length: this.#buckets.length * 2 });
    // Reversed: of two that had one id, the later one has to come first again.
    for (const item of items.reverse()) this.#put(item);
  }
}

/** @param buckets a power of two */
function bucketOf(id: string, buckets: number): number {
  const { length } = id;
  let hash = length;
  for (let index = Math.max(0, length - HASHED_LENGTH); index < length; index++) {
    hash = (Math.imul(hash, 31) + id.charCodeAt(index)) | 0;
  }
  return hash & (buckets - 1);
}
