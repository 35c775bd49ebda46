import { MemoryStore } from "../../src/store/memory_store.ts";
import type { OutcomeStore, Work } from "../../src/store/outcome_store.ts";
import { ManualClock } from "./manual_clock.ts";

/** A store whose answers the test may replace, and what it was asked. */
export class RecordingStore implements OutcomeStore {
  readonly clock = new ManualClock();
  readonly memory = new MemoryStore({ clock: this.clock });
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  /** What work was begun. */
  readonly works: Work[] = [];
  /** It cannot be asked. */
  down = false;
  onFinish: () => Promise<void> = () => Promise.resolve();

  find: OutcomeStore["find"] = (work) => this.#ask("find", () => this.memory.find(work));
  begin: OutcomeStore["begin"] = (work, options) => {
    this.works.push(work);
    return this.#ask("begin", () => this.memory.begin(work, options));
  };
  renew: OutcomeStore["renew"] = (claims, leaseMs) =>
    this.#ask("renew", () => this.memory.renew(claims, leaseMs));
  release: OutcomeStore["release"] = (claim) => this.#ask("release", () => this.memory.release(claim));
  finish: OutcomeStore["finish"] = (claim, outcome) =>
    this.#ask("finish", async () => {
      await this.onFinish();
      return await this.memory.finish(claim, outcome);
    });

  #ask<T>(what: string, ask: () => Promise<T>): Promise<T> {
    this.asked.push(what);
    return this.down ? Promise.reject(new Error("disk full")) : ask();
  }
}
