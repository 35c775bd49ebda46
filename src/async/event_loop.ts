import { setImmediate } from "node:timers";

let waiting = 0;

/**
 * Calls `callback` once the event loop has come round: after timers and input that are due. In the order of asking.
 * What it throws is thrown where the loop's own callbacks throw.
 */
export function afterOthers(callback: () => void): void {
  waiting++;
  setImmediate(() => {
    waiting--;
    callback();
  });
}

/** Callbacks that wait for the event loop: 0 when nothing of this library is about to run by itself. */
export function waitingForOthers(): number {
  return waiting;
}
