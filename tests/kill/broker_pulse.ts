import { Pulse } from "./pulse.ts";
import { Stored } from "./stored.ts";

/** Where a broker takes longer over anything, the machine is too busy to judge how long calls took. Milliseconds. */
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

  /** Whether the machine was too busy since then to judge how long calls took. */
  overloaded(since: number): boolean {
    return this.slowest(since) > OVERLOADED_MS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pulse[Symbol.asyncDispose]();
    await this.#stored[Symbol.asyncDispose]();
  }
}
