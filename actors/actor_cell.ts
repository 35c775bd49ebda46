import type { InboundCall } from "../src/call/inbound.ts";
import { createDeferred, type Deferred } from "../src/async/deferred.ts";
import { inTime, TOO_LATE } from "../src/async/in_time.ts";
import { isPromiseLike } from "../src/async/promise_like.ts";
import type { RpcError } from "../src/errors/rpc_error.ts";
import { EVENTS } from "../src/log/events.ts";
import { logger } from "../src/log/log.ts";
import type { Abandoned } from "./abandoned.ts";
import type { ActorOptions } from "./actor_keeper.ts";
import { Backlog } from "./backlog.ts";
import type { CellHost } from "./cell_host.ts";
import type { Exit } from "./child.ts";
import { cycle, timesInChain } from "./cycle.ts";
import { type Behaviour, Life, type LifeOwner } from "./life.ts";
import { refuse } from "./refuse.ts";
import { Run, type RunOwner } from "./run.ts";
import type { RunWatch } from "./run_watch.ts";
import type { Parked } from "./turns.ts";

/**
 * - `resting`: no life; a call wants one
 * - `opening`, `open`, `closing`: a life begins, is led, ends
 * - `waiting`: no life; the keeper will say what follows
 * - `suspended`: no life, and calls are refused
 */
export type ActorPhase = "resting" | "opening" | "open" | "closing" | "waiting" | "suspended";

/** The life of an actor was closed before it was open. */
export class TakenBack extends Error {
  /** @param name the actor's */
  constructor(name: string) {
    super(`The actor "${name}" was stopped while it started`);
  }
}

const log = logger("actor");

/**
 * An actor's calls and its life, of which there is never more than one: one call at a time, in order. Calls survive
 * lives: those in the mailbox wait, and one whose handler crashed is run again by the next life where its method
 * allows it.
 */
export class ActorCell implements RunOwner, LifeOwner, Parked {
  /** Contract and method, or contract and key. */
  readonly name: string;
  readonly key: string | undefined;
  readonly #options: ActorOptions;
  readonly #backlog: Backlog;
  #phase: ActorPhase = "waiting";
  #life: Life | undefined;
  /** The opening or closing under way; never rejects. */
  #passage: Promise<void> | undefined;
  #run: Run | undefined;
  /** The end of the call that runs, while somebody waits for it. */
  #runEnd: Deferred<void> | undefined;
  /** What answers calls while it is suspended. */
  #refusal: RpcError | undefined;
  /** Whether a call is just being started, or a life begun: who comes back from within must not do the same. */
  #taking = false;
  #parked = false;
  /** Runs that ended with something that is no answer. */
  crashes = 0;

  // For the entity: the partition of its calls, and its neighbours among those that are idle.
  partition = "";
  previous: ActorCell | undefined;
  next: ActorCell | undefined;
  idleSinceMs = 0;

  constructor(options: ActorOptions, name: string, key?: string) {
    this.#options = options;
    this.#backlog = new Backlog(options.bounds, options.onRoom);
    this.name = name;
    this.key = key;
  }

  get host(): CellHost {
    return this.#options.host;
  }
  get watch(): RunWatch {
    return this.#options.watch;
  }
  get behaviour(): Behaviour {
    return this.#options.behaviour;
  }
  get abandoned(): Abandoned {
    return this.#options.abandoned;
  }
  get phase(): ActorPhase {
    return this.#phase;
  }
  /** Whether it has a life, or begins or ends one. */
  get alive(): boolean {
    return this.#life !== undefined;
  }
  /** Calls that wait in the mailbox. */
  get depth(): number {
    return this.#backlog.depth;
  }
  /** Handlers at work: 0 or 1. */
  get running(): number {
    return this.#run === undefined ? 0 : 1;
  }
  /** Whether any call waits or runs. */
  get busy(): boolean {
    return this.#run !== undefined || !this.#backlog.empty;
  }

  /** Starts a call, answers it, or puts it into the mailbox; `false` when that is full. */
  deliver(call: InboundCall): boolean {
    const refusal = this.#phase === "resting" ? this.#want() : this.#refusal;
    if (refusal !== undefined) refuse(call, refusal);
    else if (this.#ready && this.#backlog.empty && this.host.turns.take()) this.#start(call);
    else if (this.#waitsForItself(call)) refuse(call, cycle(call, this.name));
    else if (!this.#backlog.put(call)) return false;
    this.#next();
    return true;
  }

  resume(): void {
    this.#parked = false;
    this.#next();
  }

  /**
   * Begins a life. For the keeper.
   *
   * @returns `undefined` when it is open at once; else a promise that rejects, as this throws, with what the factory
   * threw, or with a {@linkcode TakenBack} when the life was closed before it was open
   */
  open(): Promise<void> | undefined {
    if (this.#passage !== undefined) return this.#passage.then(() => this.open());
    this.#refusal = undefined;
    this.#phase = "opening";
    const life = this.#life = new Life(this);
    let made: unknown;
    try {
      made = life.begin();
      if (!isPromiseLike(made)) return this.#opened(life, made);
    } catch (error) {
      this.#unopened(life);
      throw error;
    }
    const opening = this.#opening(life, made);
    const passage = this.#passage = opening.catch(() => {}).finally(() => {
      if (this.#passage === passage) this.#passage = undefined;
    });
    return opening;
  }

  /**
   * Ends its life, if it has one: lets the call that runs finish, calls the stop hook. What takes too long is left
   * behind. For the keeper: the cell waits afterwards.
   *
   * @returns `undefined` when there is nothing to wait for
   */
  close(): Promise<void> | undefined {
    if (this.#phase === "closing") return this.#passage;
    const life = this.#life;
    if (life === undefined) {
      this.#phase = "waiting";
      return undefined;
    }
    const opening = this.#phase === "opening" ? this.#passage : undefined;
    this.#phase = "closing";
    if (opening === undefined && this.#run === undefined) return this.#end(life);
    return this.#passage = opening === undefined ? this.#endAfterRun(life) : this.#endUnopened(life, opening);
  }

  /**
   * It has no life, and the next call wants one. For the keeper.
   *
   * @param refusal answers those that wait now
   */
  rest(refusal?: RpcError): void {
    // A life that does not end in time ends in its own.
    if (this.#life !== undefined) return;
    this.#phase = "resting";
    this.#refusal = undefined;
    if (!this.busy) return;
    refusal ??= this.#want();
    if (refusal !== undefined) this.#backlog.turnAway(refusal, "its actor did not start again");
    this.#next();
  }

  /** It has no life, and answers all calls with that error, until it is opened or rests. For the keeper. */
  suspend(refusal: RpcError): void {
    this.#phase = "suspended";
    this.#refusal = refusal;
    this.#backlog.turnAway(refusal, "its actor is suspended");
  }

  /** Drops the calls that were given up: they are another instance's. For the keeper. */
  dropWithdrawn(): void {
    this.#backlog.dropWithdrawn();
  }

  crashed(run: Run, error: unknown): void {
    this.crashes++;
    this.#failed(run, error, "handler crashed");
  }

  overstayed(run: Run): void {
    this.#leaveBehind(run);
    this.#failed(run, new Error("A handler ignored its signal"), "handler abandoned, it ignored its signal");
  }

  endedLate(run: Run): void {
    this.abandoned.ended(run);
    log.info(EVENTS.actor.endedLate, { actor: this.name, callId: run.call.id });
  }

  ended(_run: Run): void {
    this.#run = undefined;
    if (this.#phase === "closing") this.#runEnd?.resolve();
    else if (this.#life?.stopping === true) this.#exit({ kind: "normal" });
    else this.#next();
  }

  stopAsked(life: Life): void {
    if (life !== this.#life || this.#phase !== "open" || this.#run !== undefined) return;
    this.#exit({ kind: "normal" });
  }

  /** Whether a call may start, as far as the cell is concerned. */
  get #ready(): boolean {
    return this.#phase === "open" && this.#run === undefined && !this.#taking && !this.#parked;
  }

  #next(): void {
    while (this.#ready && !this.#backlog.empty) {
      if (!this.host.turns.take()) {
        this.#parked = true;
        return this.host.turns.park(this);
      }
      const crashed = this.#backlog.takeBack();
      const call = crashed === undefined ? this.#backlog.take() : undefined;
      if (crashed !== undefined) this.#startAgain(crashed);
      else if (call !== undefined) this.#start(call);
    }
    if (this.#ready) this.#options.keeper.idle(this);
  }

  #start(call: InboundCall): void {
    if (this.#life === undefined || !call.claim()) return;
    this.#taking = true;
    this.#run = new Run(this, call, this.#life, call.attempt);
    this.#run.begin();
    this.#taking = false;
  }

  /** The next attempt of a call that crashed in an earlier life. */
  #startAgain(crashed: Run): void {
    if (this.#life === undefined) return;
    if (!crashed.mayRunAgain) return crashed.fail("handler crashed");
    this.#taking = true;
    this.#run = new Run(this, crashed.call, this.#life, crashed.attempt + 1);
    this.#run.go();
    this.#taking = false;
  }

  /** A run ended with what is no answer: its call waits for the next life, or fails; this life is over. */
  #failed(run: Run, error: unknown, what: string): void {
    this.#run = undefined;
    if (run.mayRunAgain && this.#options.keeper.retries) this.#backlog.putBack(run);
    else run.fail(what);
    if (this.#phase === "closing") return this.#runEnd?.resolve();
    log.warn(EVENTS.actor.failed, { actor: this.name, error });
    this.#exit({ kind: "failed", error });
  }

  #leaveBehind(run: Run): void {
    run.take();
    this.abandoned.add(run, run.call.id);
    log.error(EVENTS.actor.handlerAbandoned, { actor: this.name, callId: run.call.id });
  }

  /** The life ends by itself. */
  #exit(exit: Exit): void {
    const life = this.#life;
    if (life === undefined) return;
    const ranMs = this.host.clock.monotonic() - life.startedAtMs;
    this.#phase = "closing";
    const ending = this.#end(life);
    if (ending === undefined) this.#options.keeper.exited(this, exit, ranMs);
    else void ending.then(() => this.#options.keeper.exited(this, exit, ranMs));
  }

  /** Ends a life whose run is over. */
  #end(life: Life): Promise<void> | undefined {
    const ending = life.end(this.#options.shutdownMs, this.host.clock);
    if (ending === undefined) return this.#over();
    return this.#passage = ending.then(() => this.#over());
  }

  async #endAfterRun(life: Life): Promise<void> {
    const { clock } = this.host;
    const untilMs = clock.monotonic() + this.#options.shutdownMs;
    life.warn();
    this.#runEnd = createDeferred<void>();
    if (await inTime(this.#runEnd.promise, this.#options.shutdownMs, clock) === TOO_LATE) this.#interrupt();
    this.#runEnd = undefined;
    await life.end(untilMs - clock.monotonic(), clock);
    this.#over();
  }

  async #endUnopened(life: Life, opening: Promise<void>): Promise<void> {
    life.warn();
    if (await inTime(opening, this.#options.shutdownMs, this.host.clock) === TOO_LATE) {
      // What is made after all is ended then: it is not this cell's any more.
      this.abandoned.add(life, `${this.name} (factory)`);
      void opening.then(() => this.abandoned.ended(life));
    }
    this.#over();
  }

  /** The call that runs has no time left. */
  #interrupt(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.watch.remove(run);
    this.#leaveBehind(run);
    this.#failed(run, undefined, "handler abandoned, its actor was stopped");
  }

  #over(): undefined {
    this.#life = undefined;
    this.#passage = undefined;
    this.#phase = "waiting";
  }

  async #opening(life: Life, made: PromiseLike<unknown>): Promise<void> {
    let state: unknown;
    try {
      state = await made;
    } catch (error) {
      const wanted = this.#isOpening(life);
      this.#unopened(life);
      throw wanted ? error : new TakenBack(this.name);
    }
    await this.#opened(life, state);
  }

  /** The factory is through. A life that was closed meanwhile ends at once. */
  #opened(life: Life, state: unknown): Promise<never> | undefined {
    const { clock } = this.host;
    life.made(state);
    if (!this.#isOpening(life)) {
      const ended = life.end(this.#options.shutdownMs, clock) ?? Promise.resolve();
      return ended.then(() => {
        throw new TakenBack(this.name);
      });
    }
    life.startedAtMs = clock.monotonic();
    this.#passage = undefined;
    this.#phase = "open";
    this.#next();
    return undefined;
  }

  /** Whether a life that began is still waited for. */
  #isOpening(life: Life): boolean {
    return life === this.#life && this.#phase === "opening";
  }

  #unopened(life: Life): void {
    life.warn();
    if (!this.#isOpening(life)) return;
    this.#life = undefined;
    this.#passage = undefined;
    this.#phase = "waiting";
  }

  /** Asks for a life; whoever asks goes on with what it wants it for. */
  #want(): RpcError | undefined {
    const taking = this.#taking;
    this.#taking = true;
    const refusal = this.#options.keeper.wanted(this);
    this.#taking = taking;
    return refusal;
  }

  #waitsForItself(call: InboundCall): boolean {
    if (this.#run === undefined || call.chain.length === 0) return false;
    return this.key === undefined ? timesInChain(call, this.name) > 0 : call.chain.includes(this.name);
  }
}
