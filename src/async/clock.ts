/** A timer that was set and can be taken back. */
export interface Timer {
  /** Takes the timer back. Does nothing once it has fired. */
  cancel(): void;
}

/**
 * Where time comes from. Everything that reads a clock or waits is handed one, so that a test can hold time
 * still and replay it.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds (may be fractional, may jump): for deadlines that travel. */
  now(): number;
  /** Milliseconds since some fixed point that never go back: for ages and waits. */
  monotonic(): number;
  /** Calls `callback` once after `ms` milliseconds, unless the timer is cancelled first. */
  after(ms: number, callback: () => void): Timer;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const id = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(id) };
  },
};
