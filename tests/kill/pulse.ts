const INTERVAL_MS = 100;

/** One question, and how long its answer took. */
interface Beat {
  readonly atMs: number;
  readonly tookMs: number;
}

/**
 * Asks a broker all the time how it is. Where even this takes long, the machine is overloaded, and how long calls took
 * says nothing about the library.
 */
export class Pulse implements AsyncDisposable {
  readonly #beats: Beat[] = [];
  readonly #ask: () => Promise<unknown>;
  readonly #asking: Promise<void>;
  #stopped = false;

  /** @param ask a question that a broker answers at once; rejects while there is none */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
    this.#asking = this.#go();
  }

  /** How long an answer took in that time, at the most; epoch milliseconds. */
  slowest(sinceMs: number, untilMs: number): number {
    const beats = this.#beats.filter(({ atMs, tookMs }) => atMs + tookMs >= sinceMs && atMs <= untilMs);
    return Math.max(0, ...beats.map(({ atMs, tookMs }) => atMs + tookMs - Math.max(atMs, sinceMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  async #go(): Promise<void> {
    while (!this.#stopped) {
      const atMs = Date.now();
      // A dead broker refuses at once: its death is not its slowness.
      await this.#ask().catch(() => {});
      this.#beats.push({ atMs, tookMs: Date.now() - atMs });
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}
