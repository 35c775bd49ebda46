import type { Timer } from "./clock.ts";

/**
 * The promise's value, or a rejection when it takes too long. Whatever becomes of the promise later is dropped.
 *
 * @param ms milliseconds
 * @param after sets a timer
 * @param late makes the reason of the rejection
 */
export function within<T>(
  promise: Promise<T>,
  ms: number,
  after: (ms: number, callback: () => void) => Timer,
  late: () => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // First: where no timer can be set any more, what becomes of the promise must not go unhandled.
    const settled = promise.then(resolve, reject);
    const timer = after(ms, () => reject(late()));
    settled.finally(() => timer.cancel());
  });
}
