import { Pulse } from "./pulse.ts";
import { Stored } from "./stored.ts";

/** Where a broker takes longer over anything, the machine has too much else to do for limits of seconds. Milliseconds. */
export const OVERLOADED_MS = 500;

/** The pulse of a cluster's brokers, for tests whose times are those of `performance.now()`. */
export class BrokerPulse implements AsyncDisposable {
  readonly #stored: Stored;
  readonly #pulse: Pulse;

  constructor(nameServer: string) {
    const stored = new Stored(nameServer);
    this.#stored = stored;
    this.#pulse = new Pulse(() => stored.ping());
  }

  /** How long an answer took since then, at the most, in milliseconds. */
  slowest(since: number): number {
    const { timeOrigin } = performance;
    return this.#pulse.slowest(timeOrigin + since, timeOrigin + performance.now());
  }

  /** What a limit of seconds is widened by, because the machine was busy since then: 0 where it was not. Milliseconds. */
  allowance(since: number): number {
    const slowestMs = this.slowest(since);
    return slowestMs > OVERLOADED_MS ? slowestMs : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pulse[Symbol.asyncDispose]();
    await this.#stored[Symbol.asyncDispose]();
  }
}
