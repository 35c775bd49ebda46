const WHOLE = /^[0-9]{1,15}$/;

/**
 * Writes and reads the values of one header that holds a whole number. Remembers the last one either way: the calls of one
 * millisecond have one deadline, and turning 13 digits into a text or back takes as long as ten other headers do.
 */
export class WholeNumber {
  #written = 0;
  #text = "0";
  #read = "0";
  #value = 0;

  /** Writes a number that is not negative, rounded up. */
  write(value: number): string {
    if (value !== this.#written) {
      this.#written = value;
      this.#text = String(Math.ceil(value));
    }
    return this.#text;
  }

  /** Reads a number of at most 15 digits; `undefined` for any other text. */
  read(text: string): number | undefined {
    if (text === this.#read) return this.#value;
    if (!WHOLE.test(text)) return undefined;
    // A copy of its own: a text that was cut out of a longer one would keep all of that.
    this.#value = Number(text);
    this.#read = (" " + text).slice(1);
    return this.#value;
  }
}
