import type { Clock } from "../../async/clock.ts";
import { ResponseCode } from "../../rocketmq/remote/codes.ts";
import { RocketMqError } from "../../rocketmq/error.ts";
import { AVOID_MS } from "./defaults.ts";

/** Refusals that say more about the broker than about the message: another one may take it. */
const OF_THE_BROKER: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.FLOW_CONTROL,
]);

interface Fault {
  readonly times: number;
  readonly untilMs: number;
}

/**
 * The masters that sends have failed at lately: what may go to any queue goes elsewhere for a while, longer with each
 * failure in a row, until one of them works.
 */
export class Faults {
  readonly #clock: Clock;
  readonly #faults = new Map<string, Fault>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether every master works as far as is known. */
  get none(): boolean {
    return this.#faults.size === 0;
  }

  /** A send to that address has failed. */
  failed(address: string, error: unknown): void {
    if (!(error instanceof RocketMqError)) return;
    const { kind, responseCode = -1 } = error;
    if (kind === "refused" && !OF_THE_BROKER.has(responseCode)) return;
    const times = (this.#faults.get(address)?.times ?? 0) + 1;
    const ms = Math.min(AVOID_MS.maxMs, AVOID_MS.initialMs * 2 ** (times - 1));
    this.#faults.set(address, { times, untilMs: this.#clock.monotonic() + ms });
  }

  /** A send to that address has worked. */
  worked(address: string): void {
    if (this.#faults.size > 0) this.#faults.delete(address);
  }

  /** Whether other masters are to be preferred now. */
  avoids(address: string): boolean {
    const fault = this.#faults.get(address);
    return fault !== undefined && this.#clock.monotonic() < fault.untilMs;
  }
}
