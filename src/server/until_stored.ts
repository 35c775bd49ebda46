import { Backoff } from "../async/backoff.ts";
import type { Clock, Timer } from "../async/clock.ts";
import type { Random } from "../async/random.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { REFUSED_PAUSE_MS, RETRY_PAUSE_MS } from "./defaults.ts";

/** Whether trying again is in vain: the message itself is refused. */
export function isUnsendable(error: unknown): error is RpcError {
  return error instanceof RpcError && error.code === "invalid_argument" && error.outcome === "not_sent";
}

/** Sends that are tried until they are stored: requests whose original is settled only then. */
export class UntilStored {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pauses = new Map<() => void, Timer>();
  #closed = false;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Tries until it is stored, `wanted` says no or this is closed; resolves to whether it is stored, and never rejects.
   *
   * @param send one try
   * @param wanted asked before each try: whether the request is still this instance's to settle
   * @param failed told of each try that failed
   */
  async try(
    send: () => Promise<unknown>,
    wanted: () => boolean,
    failed: (error: unknown) => void,
  ): Promise<boolean> {
    const backoff = new Backoff({ ...RETRY_PAUSE_MS, random: this.#random });
    while (!this.#closed && wanted()) {
      let pauseMs = backoff.next();
      try {
        await send();
        return true;
      } catch (error) {
        failed(error);
        if (error instanceof RpcError && error.code === "permission_denied") pauseMs += REFUSED_PAUSE_MS;
      }
      await this.#pause(pauseMs);
    }
    return false;
  }

  /** Stops trying. What is not stored is not settled: it comes again elsewhere. */
  close(): void {
    this.#closed = true;
    for (const [resume, timer] of this.#pauses) {
      timer.cancel();
      resume();
    }
    this.#pauses.clear();
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = () => {
        this.#pauses.delete(resume);
        resolve();
      };
      this.#pauses.set(resume, this.#clock.after(ms, resume));
    });
  }
}
