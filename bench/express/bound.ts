/** How many pushed requests may be without the broker's answer at once; those beyond go the stored way. */
export class Bound {
  readonly #most: number;
  #underWay = 0;

  /** @param most `Infinity` for no bound */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a place, if there is one. */
  enter(): boolean {
    if (this.#underWay >= this.#most) return false;
    this.#underWay++;
    return true;
  }

  /** Gives a place back. */
  leave(): void {
    this.#underWay--;
  }
}
