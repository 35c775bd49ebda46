import type { TimerWheel } from "../../async/timer_wheel.ts";

/** When to stop waiting. */
export interface WaitOptions {
  readonly wheel: TimerWheel;
  readonly timeoutMs: number;
  /** Makes the error when the time is over. */
  readonly onTimeout: () => Error;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for work that others may wait for too: what ends the wait leaves the work running.
 *
 * @throws unknown what `onTimeout` makes, or the signal's reason unchanged
 */
export function waitFor<T>(work: Promise<T>, options: WaitOptions): Promise<T> {
  const { wheel, timeoutMs, onTimeout, signal } = options;
  // Should it fail when nobody waits for it any more, that is no news.
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => leave(() => reject(signal?.reason));
    const timer = wheel.schedule(timeoutMs, () => leave(() => reject(onTimeout())));
    signal?.addEventListener("abort", onAbort);
    function leave(settle: () => void): void {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      settle();
    }
    work.then((value) => leave(() => resolve(value)), (error) => leave(() => reject(error)));
  });
}
