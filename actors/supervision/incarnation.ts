import type { Clock, Timer } from "../../src/async/clock.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import type { Child, Exit } from "./child.ts";
import type { CheckedSpec } from "./supervision.ts";

/** Told what becomes of an incarnation. None of these may throw. */
export interface IncarnationEvents {
  /** It ended by itself. */
  exited(life: Incarnation, exit: Exit): void;
  /** It failed while it was being stopped; it counts as stopped. */
  stopFailed(life: Incarnation, error: unknown): void;
  /** It did not start or stop in `ms`: it is left behind and may still run. */
  abandoned(life: Incarnation, what: "start" | "stop", ms: number): void;
  /** What was left behind has ended after all. */
  abandonedEnded(life: Incarnation): void;
}

/** How long something may take to react to its signal before it is left behind. */
const WORKER_GRACE_MS = 100;
/** Supervisors react when their workers have; they pass the signal on at once, so depth adds nothing. */
const SUPERVISOR_GRACE_MS = 200;

/**
 * One life of a child: from its start to its exit, its stop, or to being left behind. JavaScript cannot kill what
 * does not end, so every wait is limited: first the signal aborts, shortly after the wait is given up.
 */
export class Incarnation {
  readonly checked: CheckedSpec;
  readonly #clock: Clock;
  readonly #events: IncarnationEvents;
  readonly #graceMs: number;
  #child: Child | undefined;
  #exit: Exit | undefined;
  #startedAtMs: number | undefined;
  /** The wait under way, for its start or its stop. */
  #patience: Patience | undefined;
  #starting: Promise<void> | undefined;
  /** Whether it was told to stop: what it reports from then on is no exit any more. */
  #told = false;
  #stopping: Promise<void> | undefined;
  #hurried = false;
  #leftBehind = false;

  constructor(checked: CheckedSpec, clock: Clock, events: IncarnationEvents) {
    this.checked = checked;
    this.#clock = clock;
    this.#events = events;
    this.#graceMs = checked.supervisor ? SUPERVISOR_GRACE_MS : WORKER_GRACE_MS;
  }

  /** The child, from its start until it has ended or is left behind. */
  get child(): Child | undefined {
    return this.#exit === undefined ? this.#child : undefined;
  }

  /** For how long it has run since its start was over. */
  get ranMs(): number {
    return this.#startedAtMs === undefined ? 0 : this.#clock.monotonic() - this.#startedAtMs;
  }

  /** Starts it. Rejects with the child's error, or with the reason why the start was given up. */
  start(): Promise<void> {
    const over = createDeferred<void>();
    // First: the child may have its supervisor stopped from within its start.
    this.#starting = over.promise;
    return this.#start().finally(() => over.resolve());
  }

  /**
   * Stops it, whether it runs, is still starting, or has ended; resolves when it has ended or is left behind.
   *
   * @param hurried whether its time is over from the beginning
   */
  stop(hurried = false): Promise<void> {
    this.#told = true;
    if (hurried) this.hurry();
    return this.#stopping ??= this.#stop();
  }

  /** Whatever is waited for has no time left. */
  hurry(): void {
    this.#hurried = true;
    this.#patience?.abort(this.#graceMs);
  }

  async #start(): Promise<void> {
    const { spec, id, startMs, shutdownMs } = this.checked;
    const patience = this.#wait(() =>
      new Error(
        this.#told
          ? `Child "${id}" was stopped while it started`
          : `Child "${id}" did not start within ${startMs} ms`,
      )
    );
    patience.abortIn(startMs, this.#graceMs);
    const { signal } = patience;
    const starting = begin(() => spec.start({ signal, exited: (exit) => this.#exited(exit) }));
    try {
      const child = await patience.race(starting);
      if (child === GIVEN_UP) {
        const [what, ms] = this.#told ? ["stop", shutdownMs] as const : ["start", startMs] as const;
        this.#abandon(what, ms, starting.then((late) => late.stop({ signal })), signal);
        throw signal.reason;
      }
      if (signal.aborted) {
        await this.#halt(child);
        throw signal.reason;
      }
      this.#child = child;
      this.#startedAtMs = this.#clock.monotonic();
    } finally {
      patience.clear();
    }
  }

  async #stop(): Promise<void> {
    if (this.#starting !== undefined && this.#startedAtMs === undefined) {
      this.#patience?.abort(this.#hurried ? this.#graceMs : this.checked.shutdownMs + this.#graceMs);
      await this.#starting;
      return;
    }
    if (this.#child !== undefined) await this.#halt(this.#child);
    this.#child = undefined;
  }

  async #halt(child: Child): Promise<void> {
    if (this.#exit !== undefined) return;
    const { id, shutdownMs } = this.checked;
    const patience = this.#wait(() => new Error(`Child "${id}" had ${shutdownMs} ms to stop`));
    patience.abortIn(this.#hurried ? 0 : shutdownMs, this.#graceMs);
    const { signal } = patience;
    const stopping = begin(() => child.stop({ signal }));
    try {
      if (await patience.race(stopping) === GIVEN_UP) this.#abandon("stop", shutdownMs, stopping, signal);
    } catch (error) {
      this.#events.stopFailed(this, error);
    } finally {
      patience.clear();
    }
  }

  #wait(reason: () => Error): Patience {
    return this.#patience = new Patience(this.#clock, reason);
  }

  #exited(exit: Exit): void {
    if (this.#exit !== undefined) return;
    this.#exit = exit;
    if (this.#leftBehind) return this.#endedAfterAll();
    if (!this.#told) return this.#events.exited(this, exit);
    if (exit.kind === "failed") this.#events.stopFailed(this, exit.error);
  }

  #abandon(what: "start" | "stop", ms: number, work: Promise<unknown>, signal: AbortSignal): void {
    this.#leftBehind = true;
    this.#events.abandoned(this, what, ms);
    work.then(() => this.#endedAfterAll(), (error) => {
      if (error !== signal.reason) this.#events.stopFailed(this, error);
      this.#endedAfterAll();
    });
  }

  #endedAfterAll(): void {
    if (!this.#leftBehind) return;
    this.#leftBehind = false;
    this.#events.abandonedEnded(this);
  }
}

/** What a wait yields that was given up. */
const GIVEN_UP = Symbol("given up");

/** A limited wait: its signal aborts when the time is over, a grace later the wait itself ends. */
class Patience {
  readonly #clock: Clock;
  readonly #reason: () => Error;
  readonly #controller = new AbortController();
  readonly #over = createDeferred<typeof GIVEN_UP>();
  #timer: Timer | undefined;
  #done = false;

  constructor(clock: Clock, reason: () => Error) {
    this.#clock = clock;
    this.#reason = reason;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts in `ms`, at once for 0, never for `Infinity`. */
  abortIn(ms: number, graceMs: number): void {
    if (ms <= 0) this.abort(graceMs);
    else this.#in(ms, () => this.abort(graceMs));
  }

  /** Aborts now, and gives up `graceMs` from now. Does nothing when the wait is over. */
  abort(graceMs: number): void {
    if (this.#done) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    // The timer first: a listener may end the wait.
    this.#in(graceMs, () => this.#over.resolve(GIVEN_UP));
    if (!this.signal.aborted) this.#controller.abort(this.#reason());
  }

  /** The result of `work`, or that the wait was given up. */
  race<T>(work: Promise<T>): Promise<T | typeof GIVEN_UP> {
    return Promise.race([work, this.#over.promise]);
  }

  /** The wait is over: takes the timer back. */
  clear(): void {
    this.#done = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #in(ms: number, callback: () => void): void {
    if (ms !== Infinity) this.#timer = this.#clock.after(ms, callback);
  }
}

/** Calls at once; what it throws becomes a rejection. */
async function begin<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return await work();
}
