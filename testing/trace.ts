/** Lines kept of a trace; of a longer one the last. */
const KEPT = 20_000;

/** What happened in a simulated world, line by line, and a digest of all of it: two runs that differ nowhere have the same. */
export class Trace {
  #lines: string[] = [];
  #count = 0;
  #high = 0x9e3779b9;
  #low = 0x811c9dc5;

  /** Lines written. */
  get count(): number {
    return this.#count;
  }

  /** The last 20,000 lines at least. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Sixteen hexadecimal digits. */
  get digest(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** Writes a line. */
  write(line: string): void {
    this.#count++;
    this.#lines.push(line);
    if (this.#lines.length >= 2 * KEPT) this.#lines = this.#lines.slice(KEPT);
    let low = this.#low;
    let high = this.#high;
    for (let index = 0; index < line.length; index++) {
      const code = line.charCodeAt(index);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x5bd1e995) ^ (low >>> 13);
    }
    this.#low = Math.imul(low ^ 10, 0x01000193);
    this.#high = high;
  }
}

function hex(bits: number): string {
  return (bits >>> 0).toString(16).padStart(8, "0");
}
