import type { Clock } from "../../src/async/clock.ts";
import { inTime, TOO_LATE } from "../../src/async/in_time.ts";
import { isPromiseLike } from "../../src/async/promise_like.ts";
import { Life, type LifeOwner } from "./life.ts";

/** The cell whose lives they are. */
export interface LivesOwner extends LifeOwner {
  readonly clock: Clock;
  /** How long a life may take to end, its call and its stop hook together, in milliseconds. */
  readonly shutdownMs: number;
  /** A life can be led. */
  opened(): void;
  /** Resolves when no call runs, after so long at the latest: the cell leaves what runs behind then. */
  idle(limitMs: number): Promise<void> | undefined;
}

/** The life of an actor was closed before it was open. */
export class TakenBack extends Error {
  /** @param name the actor's */
  constructor(name: string) {
    super(`The actor "${name}" was stopped while it started`);
  }
}

/** The lives of one cell, of which there is never more than one: the next begins when the one before has ended. */
export class Lives {
  readonly #owner: LivesOwner;
  #state: "none" | "opening" | "open" | "closing" = "none";
  #life: Life | undefined;
  /** The opening or closing under way; never rejects. */
  #passage: Promise<void> | undefined;

  constructor(owner: LivesOwner) {
    this.#owner = owner;
  }

  /** How far the life is; `none` where there is none. */
  get state(): "none" | "opening" | "open" | "closing" {
    return this.#state;
  }

  /** The life that is led. */
  get open(): Life | undefined {
    return this.#state === "open" ? this.#life : undefined;
  }

  /**
   * Begins a life, once the one before has ended.
   *
   * @returns `undefined` when it is open at once; else a promise that rejects, as this throws, with what the factory
   * threw, or with a {@linkcode TakenBack} when the life was closed before it was open
   */
  begin(): Promise<void> | undefined {
    if (this.#passage !== undefined) return this.#passage.then(() => this.begin());
    this.#state = "opening";
    const life = this.#life = new Life(this.#owner);
    let made: unknown;
    try {
      made = life.begin();
      if (!isPromiseLike(made)) return this.#made(life, made);
    } catch (error) {
      this.#unmade(life);
      throw error;
    }
    const opening = this.#await(life, made);
    const passage = this.#passage = opening.catch(() => {}).finally(() => {
      if (this.#passage === passage) this.#passage = undefined;
    });
    return opening;
  }

  /**
   * Ends the life that there is: lets the call that runs finish, calls the stop hook. What takes too long is left
   * behind.
   *
   * @returns `undefined` when there is nothing to wait for
   */
  end(): Promise<void> | undefined {
    const { clock, shutdownMs } = this.#owner;
    const life = this.#life;
    if (life === undefined || this.#state === "closing") return this.#passage;
    const opening = this.#state === "opening" ? this.#passage : undefined;
    this.#state = "closing";
    life.warn();
    if (opening !== undefined) return this.#passage = this.#endUnmade(life, opening);
    const idle = this.#owner.idle(shutdownMs);
    if (idle !== undefined) return this.#passage = this.#endAfter(idle, life);
    const ending = life.end(shutdownMs, clock);
    if (ending === undefined) return this.#over();
    return this.#passage = ending.then(() => this.#over());
  }

  async #endAfter(idle: Promise<void>, life: Life): Promise<void> {
    const { clock, shutdownMs } = this.#owner;
    const untilMs = clock.monotonic() + shutdownMs;
    await idle;
    await life.end(untilMs - clock.monotonic(), clock);
    this.#over();
  }

  async #endUnmade(life: Life, opening: Promise<void>): Promise<void> {
    const { abandoned, clock, name, shutdownMs } = this.#owner;
    if (await inTime(opening, shutdownMs, clock) === TOO_LATE) {
      // What is made after all is ended then: it is not this cell's any more.
      abandoned.add(life, `${name} (factory)`);
      void opening.then(() => abandoned.ended(life));
    }
    this.#over();
  }

  async #await(life: Life, made: PromiseLike<unknown>): Promise<void> {
    let state: unknown;
    try {
      state = await made;
    } catch (error) {
      const wanted = this.#isOpening(life);
      this.#unmade(life);
      throw wanted ? error : new TakenBack(this.#owner.name);
    }
    await this.#made(life, state);
  }

  /** The factory is through. A life that was closed meanwhile ends at once. */
  #made(life: Life, state: unknown): Promise<never> | undefined {
    const { clock, shutdownMs, name } = this.#owner;
    life.made(state);
    if (!this.#isOpening(life)) {
      const ended = life.end(shutdownMs, clock) ?? Promise.resolve();
      return ended.then(() => {
        throw new TakenBack(name);
      });
    }
    life.startedAtMs = clock.monotonic();
    this.#passage = undefined;
    this.#state = "open";
    this.#owner.opened();
    return undefined;
  }

  #unmade(life: Life): void {
    life.warn();
    if (this.#isOpening(life)) this.#over();
  }

  /** Whether a life that began is still waited for. */
  #isOpening(life: Life): boolean {
    return life === this.#life && this.#state === "opening";
  }

  #over(): undefined {
    this.#life = undefined;
    this.#passage = undefined;
    this.#state = "none";
  }
}
