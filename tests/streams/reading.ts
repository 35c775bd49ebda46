import { type ItemStream, RpcError } from "rocket-actors";
import type { Made } from "./contract.ts";

/** After so many items a reader pauses for a moment. */
const PAUSE_EVERY = 1_000;
/** How long a reader pauses now and then, in milliseconds. */
const PAUSE_MS = 40;

/** Where a reader stops until something has come about. */
export interface Hold {
  readonly items: number;
  readonly until: Promise<void>;
}

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

  /** @param hold behind so many items it waits until it may go on: however fast the producer is, it cannot end before */
  constructor(stream: ItemStream<Made>, hold?: Hold) {
    this.result = this.#read(stream, hold);
  }

  async #read(stream: ItemStream<Made>, hold: Hold | undefined): Promise<ReadThrough> {
    try {
      for await (const { n, by } of stream) {
        if (n !== ++this.items) this.#wrong.push(`item ${n} came where ${this.items} was due`);
        if (this.by !== "" && by !== this.by) this.#wrong.push(`item ${n} is of ${by}`);
        this.by = by;
        if (n % PAUSE_EVERY === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        if (n === hold?.items) await hold.until;
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
