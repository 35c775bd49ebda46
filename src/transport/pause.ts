import type { Clock } from "../async/clock.ts";
import { createDeferred } from "../async/deferred.ts";
import { untilAborted } from "./until_aborted.ts";

/**
 * Lets time pass; leaves no timer behind.
 *
 * @param ms milliseconds
 * @throws {unknown} the signal's reason unchanged, at once
 */
export async function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = createDeferred<void>();
  const timer = clock.after(ms, resolve);
  try {
    await untilAborted(promise, signal);
  } finally {
    timer.cancel();
  }
}
