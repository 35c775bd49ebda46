/** Something that keeps its place among its like. */
export interface InTurn {
  /** Those of one line go in the order in which they came to it. */
  readonly line: string;
}

/**
 * Keeps calls in the order in which they were made while some of them cannot go yet: their input is still being
 * checked, there is no room for them, or nobody knows whether somebody serves them. Whoever is ready waits only for
 * those before it in its line; a line that nobody waits in does not exist.
 */
export class Turns<T extends InTurn> {
  /** By line, in order: what lets one go, once it is ready. */
  readonly #lines = new Map<string, Map<T, (() => void) | undefined>>();

  /** Whether nobody waits for anybody. */
  get idle(): boolean {
    return this.#lines.size === 0;
  }

  /** Keeps a place for one that cannot go yet; a second time changes nothing. */
  hold(one: T): void {
    const line = this.#lines.get(one.line);
    if (line === undefined) this.#lines.set(one.line, new Map([[one, undefined]]));
    else if (!line.has(one)) line.set(one, undefined);
  }

  /** It can go: lets it, at once or after those before it. */
  ready(one: T, go: () => void): void {
    const line = this.#lines.get(one.line);
    if (line === undefined) return go();
    line.set(one, go);
    this.#release(one.line, line);
  }

  /** It is over: nobody waits for it any longer. */
  leave(one: T): void {
    const line = this.#lines.get(one.line);
    if (line?.delete(one)) this.#release(one.line, line);
  }

  #release(name: string, line: Map<T, (() => void) | undefined>): void {
    for (const [one, go] of line) {
      if (go === undefined) return;
      line.delete(one);
      go();
    }
    if (line.size === 0 && this.#lines.get(name) === line) this.#lines.delete(name);
  }
}
