import type { Timer } from "./clock.ts";
import { inTime, TOO_LATE } from "./in_time.ts";

/**
 * The promise's value, or a rejection when it takes too long. Whatever becomes of the promise later is dropped.
 *
 * @param promise what is waited for
 * @param ms milliseconds
 * @param after sets a timer
 * @param late makes the reason of the rejection
 */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  after: (ms: number, callback: () => void) => Timer,
  late: () => unknown,
): Promise<T> {
  // Nobody looks any more at what it rejects with later, or where no timer can be set.
  promise.catch(() => {});
  const value = await inTime(promise, ms, { after });
  if (value === TOO_LATE) throw late();
  return value;
}
