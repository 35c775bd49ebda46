/**
 * Ids that came lately. What is pushed and stored behind comes twice: the second one is passed over. It forgets by whole
 * generations, so that nothing is spent on the oldest one at each call.
 */
export class Seen {
  readonly #most: number;
  #young = new Set<string>();
  #old: ReadonlySet<string> = new Set();

  /** @param most it remembers at least so many of the last ids, and at most twice as many */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether it is the first time that the id comes, as far as is remembered. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    return true;
  }
}
