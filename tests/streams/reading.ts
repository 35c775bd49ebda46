import { type ItemStream, RpcError } from "rocket-actors";
import type { Made } from "./contract.ts";

/** How long a reader pauses now and then, in milliseconds. */
const PAUSE_MS = 40;

/** How reading a stream went. */
export interface ReadThrough {
  /** Who produced it; empty where nothing came. */
  readonly by: string;
  readonly items: number;
  /** Items that came where another one was due, or from another producer. */
  readonly wrong: readonly string[];
  /** How it ended: `ok`, or code and outcome. */
  readonly end: string;
  /** When, by `performance.now()`. */
  readonly endedAtMs: number;
}

/** Reads a stream while a test does something about it. */
export class Reading {
  /** Items that have come. */
  items = 0;
  /** Who produces it. */
  by = "";
  /** How it ended: `ok`, or code and outcome; empty while it goes on. */
  end = "";
  readonly #wrong: string[] = [];
  readonly result: Promise<ReadThrough>;

  /** @param pauseEvery after so many items it pauses for a moment */
  constructor(stream: ItemStream<Made>, pauseEvery = 1_000) {
    this.result = this.#read(stream, pauseEvery);
  }

  async #read(stream: ItemStream<Made>, pauseEvery: number): Promise<ReadThrough> {
    try {
      for await (const { n, by } of stream) {
        if (n !== ++this.items) this.#wrong.push(`item ${n} came where ${this.items} was due`);
        if (this.by !== "" && by !== this.by) this.#wrong.push(`item ${n} is of ${by}`);
        this.by = by;
        if (n % pauseEvery === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      this.end = "ok";
    } catch (error) {
      const { code, outcome } = RpcError.from(error);
      this.end = `${code}/${outcome}`;
    }
    const { by, items, end } = this;
    return { by, items, wrong: this.#wrong, end, endedAtMs: performance.now() };
  }
}
