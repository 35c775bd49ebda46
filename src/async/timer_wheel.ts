import type { Clock, Timer } from "./clock.ts";

/** How a {@linkcode TimerWheel} is built. */
export interface TimerWheelOptions {
  /** Length of a tick in milliseconds: the wheel's precision. Default: 10. */
  readonly tickMs?: number;
  /** How many ticks one round has. Default: 512. */
  readonly slots?: number;
}

/** A timer in its slot, linked both ways so that it leaves in one step. */
class Entry implements Timer {
  readonly tick: number;
  readonly callback: () => void;
  wheel: TimerWheel | undefined;
  /** False once it was taken out to run. */
  linked = true;
  previous: Entry | undefined;
  next: Entry | undefined;

  constructor(wheel: TimerWheel, tick: number, callback: () => void) {
    this.wheel = wheel;
    this.tick = tick;
    this.callback = callback;
  }

  cancel(): void {
    const { wheel } = this;
    this.wheel = undefined;
    if (this.linked) wheel?.["~remove"](this);
  }
}

/**
 * Many coarse timers on one timer of the clock: setting and cancelling cost a few pointer writes, where a timer of
 * the platform costs microseconds. Meant for deadlines, most of which are cancelled.
 *
 * A callback never runs early and at most about two ticks late. Timers due at the same tick run in the order they
 * were set. While nothing is scheduled, the wheel holds no timer of the clock.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots: (Entry | undefined)[];
  readonly #tails: (Entry | undefined)[];
  readonly #origin: number;
  #size = 0;
  #done = 0;
  #armed: { readonly tick: number; readonly timer: Timer } | undefined;
  #closed = false;

  /**
   * Starts without timers.
   *
   * @throws RangeError unless `tickMs` is positive and `slots` a positive integer
   */
  constructor(clock: Clock, options: TimerWheelOptions = {}) {
    const { tickMs = 10, slots = 512 } = options;
    if (!(tickMs > 0 && Number.isFinite(tickMs))) throw new RangeError(`Cannot tick every ${tickMs} ms`);
    if (!(Number.isInteger(slots) && slots > 0)) throw new RangeError(`Cannot make ${slots} slots`);
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slots });
    this.#tails = Array.from({ length: slots });
    this.#origin = clock.monotonic();
  }

  /** How many timers wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Calls `callback` once, not before `ms` milliseconds have passed. What it throws does not stop other callbacks:
   * the first error is thrown again when all that are due have run, to where the clock's own callbacks throw.
   *
   * @throws RangeError unless `ms` is a finite number; negative counts as zero
   * @throws TypeError when the wheel is closed
   */
  schedule(ms: number, callback: () => void): Timer {
    if (!Number.isFinite(ms)) throw new RangeError(`Cannot schedule a timer in ${ms} ms`);
    if (this.#closed) throw new TypeError("Cannot schedule a timer: the wheel is closed");
    const elapsed = this.#clock.monotonic() - this.#origin;
    if (this.#size === 0) this.#done = Math.floor(elapsed / this.#tickMs);
    const tick = Math.max(this.#done + 1, Math.ceil((elapsed + Math.max(0, ms)) / this.#tickMs));
    const entry = new Entry(this, tick, callback);
    this.#add(entry);
    this.#arm(Math.min(tick, this.#done + this.#slots.length));
    return entry;
  }

  /** Drops all timers; none of them fires any more. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    for (let slot = 0; slot < this.#slots.length; slot++) {
      for (let entry = this.#slots[slot]; entry !== undefined; entry = entry.next) entry.wheel = undefined;
      this.#slots[slot] = this.#tails[slot] = undefined;
    }
    this.#size = 0;
    this.#disarm();
  }

  /** @internal for the wheel's own timers */
  "~remove"(entry: Entry): void {
    this.#unlink(entry);
    if (this.#size === 0) this.#disarm();
  }

  #add(entry: Entry): void {
    const slot = entry.tick % this.#slots.length;
    const tail = this.#tails[slot];
    entry.previous = tail;
    if (tail === undefined) this.#slots[slot] = entry;
    else tail.next = entry;
    this.#tails[slot] = entry;
    this.#size++;
  }

  #unlink(entry: Entry): void {
    const slot = entry.tick % this.#slots.length;
    const { previous, next } = entry;
    if (previous === undefined) this.#slots[slot] = next;
    else previous.next = next;
    if (next === undefined) this.#tails[slot] = previous;
    else next.previous = previous;
    entry.previous = entry.next = undefined;
    entry.linked = false;
    this.#size--;
  }

  #arm(tick: number): void {
    if (this.#armed !== undefined) {
      if (this.#armed.tick <= tick) return;
      this.#armed.timer.cancel();
    }
    const delay = this.#origin + tick * this.#tickMs - this.#clock.monotonic();
    this.#armed = { tick, timer: this.#clock.after(Math.max(0, delay), () => this.#advance()) };
  }

  #disarm(): void {
    this.#armed?.timer.cancel();
    this.#armed = undefined;
  }

  #armNext(): void {
    if (this.#size === 0) return;
    const last = this.#done + this.#slots.length;
    for (let tick = this.#done + 1; tick <= last; tick++) {
      if (this.#slots[tick % this.#slots.length] !== undefined) return this.#arm(tick);
    }
  }

  #advance(): void {
    this.#armed = undefined;
    const due = this.#takeDue(Math.floor((this.#clock.monotonic() - this.#origin) / this.#tickMs));
    this.#armNext();
    const errors: unknown[] = [];
    for (const entry of due) {
      // An earlier callback may have cancelled this one, or closed the wheel.
      if (entry.wheel === undefined || this.#closed) continue;
      entry.wheel = undefined;
      try {
        entry.callback();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  #takeDue(now: number): readonly Entry[] {
    const due: Entry[] = [];
    const last = Math.min(now, this.#done + this.#slots.length);
    for (let tick = this.#done + 1; tick <= last; tick++) {
      let entry = this.#slots[tick % this.#slots.length];
      while (entry !== undefined) {
        const next: Entry | undefined = entry.next;
        if (entry.tick <= now) {
          this.#unlink(entry);
          due.push(entry);
        }
        entry = next;
      }
    }
    this.#done = Math.max(this.#done, now);
    return due;
  }
}
