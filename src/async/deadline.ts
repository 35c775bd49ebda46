import type { Clock } from "./clock.ts";

/** A signal that aborts after a time, unless it is disposed of before. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * As `AbortSignal.timeout`, by an injected clock, and without a timer left behind.
 *
 * @param clock where time comes from
 * @param ms until it aborts, with a `TimeoutError`
 */
export function createDeadline(clock: Pick<Clock, "after">, ms: number): Deadline {
  const controller = new AbortController();
  const timer = clock.after(ms, () => {
    controller.abort(new DOMException(`It took longer than ${ms} ms`, "TimeoutError"));
  });
  return { signal: controller.signal, [Symbol.dispose]: () => timer.cancel() };
}
