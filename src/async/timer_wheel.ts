import type { Clock, Timer } from "./clock.ts";

/** How a {@linkcode TimerWheel} is built. */
export interface TimerWheelOptions {
  /** Length of a tick in milliseconds: the wheel's precision. Default: 10. */
  readonly tickMs?: number;
  /** How many ticks one round has. Default: 512. */
  readonly slots?: number;
  /**
   * For how long its timer of the clock may go on once nothing waits any more, in milliseconds. Default: 0. Where waits
   * come and go one at a time, setting and clearing that timer for each costs more than all else of it (3 µs); with a
   * while to linger the wheel looks once per while instead, and lets go when it finds nothing.
   */
  readonly lingerMs?: number;
}

/**
 * One timer of a wheel, which whoever waits can be itself: then a wait costs no object and no closure. Linked both ways
 * in its slot, so that it leaves in one step. Once it has fired or was cancelled it may be started again.
 */
export abstract class WheelTimer implements Timer {
  /** @internal when it is due; the wheel's, as all that follows */
  tick = 0;
  /** @internal where it waits; `undefined` where it does not */
  wheel: TimerWheel | undefined = undefined;
  /** @internal whether it stands in a slot: not once it was taken out to fire */
  linked = false;
  /** @internal */
  previous: WheelTimer | undefined = undefined;
  /** @internal */
  next: WheelTimer | undefined = undefined;

  /** Its time has come. Called once per start, unless it was cancelled before. */
  abstract fire(): void;

  cancel(): void {
    const { wheel } = this;
    this.wheel = undefined;
    if (this.linked) wheel?.["~remove"](this);
  }
}

class CallbackTimer extends WheelTimer {
  readonly #callback: () => void;

  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  fire(): void {
    this.#callback();
  }
}

/**
 * Many coarse timers on one timer of the clock: setting and cancelling cost a few pointer writes, where a timer of
 * the platform costs microseconds. Meant for deadlines, most of which are cancelled.
 *
 * A callback never runs early and at most about two ticks late. Timers due at the same tick run in the order they
 * were set. While nothing is scheduled, the wheel holds no timer of the clock, unless it may linger.
 */
export class TimerWheel {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #slots: (WheelTimer | undefined)[];
  readonly #tails: (WheelTimer | undefined)[];
  readonly #origin: number;
  /** How many ticks ahead its timer of the clock is set at most. */
  readonly #reach: number;
  readonly #lingers: boolean;
  #size = 0;
  #done = 0;
  #armed: { readonly tick: number; readonly timer: Timer } | undefined;
  #closed = false;

  /**
   * Starts without timers.
   *
   * @throws RangeError unless `tickMs` is positive, `slots` a positive integer, and `lingerMs` none or positive
   */
  constructor(clock: Clock, options: TimerWheelOptions = {}) {
    const { tickMs = 10, slots = 512, lingerMs = 0 } = options;
    if (!(tickMs > 0 && Number.isFinite(tickMs))) throw new RangeError(`Cannot tick every ${tickMs} ms`);
    if (!(Number.isInteger(slots) && slots > 0)) throw new RangeError(`Cannot make ${slots} slots`);
    if (!(lingerMs >= 0 && Number.isFinite(lingerMs))) {
      throw new RangeError(`Cannot linger for ${lingerMs} ms`);
    }
    this.#clock = clock;
    this.#lingers = lingerMs > 0;
    this.#reach = this.#lingers ? Math.min(slots, Math.max(1, Math.floor(lingerMs / tickMs))) : slots;
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
    const timer = new CallbackTimer(callback);
    this.start(timer, ms);
    return timer;
  }

  /**
   * As {@linkcode TimerWheel.schedule}, with a timer that does not wait anywhere.
   *
   * @param nowMs what the clock's monotonic time is, where the caller has just read it
   */
  start(timer: WheelTimer, ms: number, nowMs: number = this.#clock.monotonic()): void {
    if (!Number.isFinite(ms)) throw new RangeError(`Cannot schedule a timer in ${ms} ms`);
    if (this.#closed) throw new TypeError("Cannot schedule a timer: the wheel is closed");
    const elapsed = nowMs - this.#origin;
    if (this.#size === 0) this.#done = Math.floor(elapsed / this.#tickMs);
    timer.tick = Math.max(this.#done + 1, Math.ceil((elapsed + Math.max(0, ms)) / this.#tickMs));
    timer.wheel = this;
    this.#add(timer);
    this.#arm(Math.min(timer.tick, this.#done + this.#reach));
  }

  /** Drops all timers; none of them fires any more. Closing twice does nothing. */
  close(): void {
    this.#closed = true;
    for (let slot = 0; slot < this.#slots.length; slot++) {
      for (let timer = this.#slots[slot]; timer !== undefined; timer = timer.next) timer.wheel = undefined;
      this.#slots[slot] = this.#tails[slot] = undefined;
    }
    this.#size = 0;
    this.#disarm();
  }

  /** @internal for the wheel's own timers */
  "~remove"(timer: WheelTimer): void {
    this.#unlink(timer);
    if (this.#size === 0 && !this.#lingers) this.#disarm();
  }

  #add(timer: WheelTimer): void {
    const slot = timer.tick % this.#slots.length;
    const tail = this.#tails[slot];
    timer.linked = true;
    timer.previous = tail;
    if (tail === undefined) this.#slots[slot] = timer;
    else tail.next = timer;
    this.#tails[slot] = timer;
    this.#size++;
  }

  #unlink(timer: WheelTimer): void {
    const slot = timer.tick % this.#slots.length;
    const { previous, next } = timer;
    if (previous === undefined) this.#slots[slot] = next;
    else previous.next = next;
    if (next === undefined) this.#tails[slot] = previous;
    else next.previous = previous;
    timer.previous = timer.next = undefined;
    timer.linked = false;
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
    const last = this.#done + this.#reach;
    for (let tick = this.#done + 1; tick < last; tick++) {
      if (this.#slots[tick % this.#slots.length] !== undefined) return this.#arm(tick);
    }
    this.#arm(last);
  }

  #advance(): void {
    this.#armed = undefined;
    const due = this.#takeDue(Math.floor((this.#clock.monotonic() - this.#origin) / this.#tickMs));
    this.#armNext();
    const errors: unknown[] = [];
    for (const timer of due) {
      // An earlier callback may have cancelled this one, perhaps started it anew, or closed the wheel.
      if (timer.wheel === undefined || timer.linked || this.#closed) continue;
      timer.wheel = undefined;
      try {
        timer.fire();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  #takeDue(now: number): readonly WheelTimer[] {
    const due: WheelTimer[] = [];
    const last = Math.min(now, this.#done + this.#slots.length);
    for (let tick = this.#done + 1; tick <= last; tick++) {
      let timer = this.#slots[tick % this.#slots.length];
      while (timer !== undefined) {
        const next: WheelTimer | undefined = timer.next;
        if (timer.tick <= now) {
          this.#unlink(timer);
          due.push(timer);
        }
        timer = next;
      }
    }
    this.#done = Math.max(this.#done, now);
    return due;
  }
}
