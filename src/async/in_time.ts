import type { Clock } from "./clock.ts";

/** What {@linkcode inTime} yields when the time was over first. */
export const TOO_LATE: unique symbol = Symbol("too late");

/**
 * What `work` resolves to, or {@linkcode TOO_LATE} when it takes longer than `ms`. The work goes on then: whoever
 * began it says what becomes of it, also of an error that it ends with later.
 *
 * @param ms milliseconds; 0 and less: no time at all
 */
export function inTime<T>(
  work: PromiseLike<T>,
  ms: number,
  clock: Pick<Clock, "after">,
): Promise<T | typeof TOO_LATE> {
  return new Promise((resolve, reject) => {
    if (ms <= 0) return resolve(TOO_LATE);
    const timer = clock.after(ms, () => resolve(TOO_LATE));
    work.then((value) => {
      timer.cancel();
      resolve(value);
    }, (error) => {
      timer.cancel();
      reject(error);
    });
  });
}
