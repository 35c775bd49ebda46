import process from "node:process";

/** What the heap may grow by after warm-up, in bytes. */
export const MOST_GROWTH = 32 * 1024 * 1024;

/** Follows how much memory lives after each forced collection. */
export class Growth {
  readonly #collect: () => void;
  readonly #looks: string[] = [];
  #base: number | undefined;
  #most = 0;
  #last = 0;

  constructor() {
    const gc: unknown = Reflect.get(globalThis, "gc");
    if (typeof gc !== "function") throw new TypeError("Cannot collect garbage: run deno task test:memory");
    this.#collect = () => gc();
  }

  /** Looks once; the first look is what later ones are compared with. */
  async look(): Promise<void> {
    // Twice: memory outside of the heap goes a while after the objects that it belonged to.
    for (let times = 0; times < 2; times++) {
      this.#collect();
      await new Promise((resolve) => setTimeout(resolve));
    }
    const { heapUsed, external } = process.memoryUsage();
    const used = heapUsed + external;
    this.#base ??= used;
    this.#last = used;
    this.#looks.push(`${mib(heapUsed)}+${mib(external)}`);
    this.#most = Math.max(this.#most, used - this.#base);
  }

  /** The most that lived at any look beyond the first, in bytes. */
  get most(): number {
    return this.#most;
  }

  /** The figures, in MiB. */
  toString(): string {
    const base = this.#base ?? 0;
    return `${mib(base)} MiB after warm-up, ${mib(this.#last)} at the end, at most ${mib(this.#most)} more ` +
      `(heap+external at each look: ${this.#looks.join(", ")})`;
  }
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
