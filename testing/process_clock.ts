import type { Clock, Timer } from "../src/async/clock.ts";

/** The clock of one simulated process: it shows the world's time, and fires while the process is awake. */
export class ProcessClock implements Clock {
  readonly #world: Clock;
  readonly #whenAwake: (callback: () => void) => void;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  /**
   * @param world the clock of the world
   * @param whenAwake calls back at once, or when the process is awake again; never when it is dead
   */
  constructor(world: Clock, whenAwake: (callback: () => void) => void) {
    this.#world = world;
    this.#whenAwake = whenAwake;
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#world.now();
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    if (this.#stopped) return NEVER;
    let cancelled = false;
    const timer = this.#world.after(ms, () => {
      this.#timers.delete(timer);
      this.#whenAwake(() => cancelled || callback());
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        cancelled = true;
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  /** Fires nothing any more. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}

const NEVER: Timer = Object.freeze({ cancel: () => {} });
