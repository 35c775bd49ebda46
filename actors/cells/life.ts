import type { Clock } from "../../src/async/clock.ts";
import { inTime, TOO_LATE } from "../../src/async/in_time.ts";
import { isPromiseLike } from "../../src/async/promise_like.ts";
import type { CellContext, HandlerContext } from "../../src/call/handler.ts";
import type { Awaitable } from "../../src/contract/types.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import type { Abandoned } from "../supervision/abandoned.ts";
import { runOutsideCalls } from "./call_scope.ts";
import type { Answering } from "./run.ts";

/** What an actor does, whichever key it has: what the lives of all cells of one contract or method share. */
export interface Behaviour {
  /** Makes the state. */
  make(cell: CellContext): Awaitable<unknown>;
  /** Runs the handler of the method on what `make` made. */
  answer(state: unknown, method: string, input: unknown, context: HandlerContext): unknown;
}

/** The cell in which a life is led. */
export interface LifeOwner {
  readonly name: string;
  readonly key: string | undefined;
  readonly behaviour: Behaviour;
  /** What did not end in time. */
  readonly abandoned: Abandoned;
  /** The handler asked for the life's end. */
  stopAsked(life: Life): void;
}

const log = logger("actor");

/** One incarnation of an actor: its state from the factory to the stop hook. */
export class Life implements Answering {
  readonly #owner: LifeOwner;
  readonly #context: LifeContext;
  #state: unknown;
  /** Whether it ends after the call that runs. */
  stopping = false;
  /** When its state was there, on the monotonic clock. */
  startedAtMs = 0;

  constructor(owner: LifeOwner) {
    this.#owner = owner;
    this.#context = new LifeContext(owner.name, owner.key);
  }

  /** Calls the factory. Throws or rejects as that does. */
  begin(): Awaitable<unknown> {
    return runOutsideCalls(() => this.#owner.behaviour.make(this.#context));
  }

  /** The factory has made the state. */
  made(state: unknown): void {
    this.#state = state;
  }

  answer(method: string, input: unknown, context: HandlerContext): unknown {
    return this.#owner.behaviour.answer(this.#state, method, input, context);
  }

  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    this.#owner.stopAsked(this);
  }

  /** Aborts the factory's signal: the end is near. */
  warn(): void {
    this.#context.abort();
  }

  /**
   * Ends it: aborts its signal, and calls the stop hook of its state. What that throws is logged; what takes longer
   * than `limitMs` is left behind.
   *
   * @returns `undefined` when there is nothing to wait for
   */
  end(limitMs: number, clock: Clock): Promise<void> | undefined {
    this.warn();
    try {
      const hook = hookOf(this.#state);
      if (hook === undefined) return undefined;
      const ending = runOutsideCalls(hook);
      return isPromiseLike(ending) ? this.#wait(ending, limitMs, clock) : undefined;
    } catch (error) {
      this.#hookFailed(error);
      return undefined;
    }
  }

  async #wait(ending: PromiseLike<unknown>, limitMs: number, clock: Clock): Promise<void> {
    const { name, abandoned } = this.#owner;
    const ended = Promise.resolve(ending).catch((error) => this.#hookFailed(error));
    if (await inTime(ended, limitMs, clock) !== TOO_LATE) return;
    abandoned.add(this, `${name} (stop hook)`);
    log.error(EVENTS.actor.hookAbandoned, { actor: name, ms: limitMs });
    void ended.then(() => abandoned.ended(this));
  }

  #hookFailed(error: unknown): void {
    log.error(EVENTS.actor.hookFailed, { actor: this.#owner.name, error });
  }
}

/** What a factory sees of its cell. The signal is made when somebody looks at it: most states need none. */
class LifeContext implements CellContext {
  readonly name: string;
  readonly key?: string;
  #controller: AbortController | undefined;
  #over = false;

  constructor(name: string, key: string | undefined) {
    this.name = name;
    if (key !== undefined) this.key = key;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#over) this.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#over = true;
    if (this.#controller?.signal.aborted === false) {
      this.#controller.abort(new DOMException(`The state of "${this.name}" ends`, "AbortError"));
    }
  }
}

/** The stop hook of whatever a factory made. */
function hookOf(state: unknown): (() => unknown) | undefined {
  if (state === null || (typeof state !== "object" && typeof state !== "function")) return undefined;
  const hook = Reflect.get(state, Symbol.asyncDispose) ?? Reflect.get(state, Symbol.dispose);
  return typeof hook === "function" ? () => hook.call(state) : undefined;
}
