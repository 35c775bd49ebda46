import type { Clock } from "../../src/async/clock.ts";
import { createDeferred, type Deferred } from "../../src/async/deferred.ts";
import { inTime, TOO_LATE } from "../../src/async/in_time.ts";
import type { InboundCall } from "../../src/call/inbound.ts";
import type { RpcError } from "../../src/errors/rpc_error.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import type { Abandoned } from "../supervision/abandoned.ts";
import type { ActorOptions } from "./actor_keeper.ts";
import { Backlog } from "./backlog.ts";
import type { CellHost } from "./cell_host.ts";
import type { Exit } from "../supervision/child.ts";
import { cycle, timesInChain } from "./cycle.ts";
import type { Behaviour, Life } from "./life.ts";
import { Lives, type LivesOwner } from "./lives.ts";
import { refuse } from "./refuse.ts";
import { Run, type RunOwner } from "./run.ts";
import type { RunWatch } from "./run_watch.ts";
import type { Parked } from "./turns.ts";

/**
 * - `opening`, `open`, `closing`: a life begins, is led, ends
 * - `resting`: no life; a call wants one
 * - `waiting`: no life; the keeper will say what follows
 * - `suspended`: no life, and calls are refused
 */
export type ActorPhase = "opening" | "open" | "closing" | "resting" | "waiting" | "suspended";

/** How long a handler has to react to its signal when its actor's time is over; below what supervisors grant. */
const INTERRUPT_GRACE_MS = 50;

const log = logger("actor");

/**
 * An actor's calls and its lives: one call at a time, in order. Calls survive lives: those in the mailbox wait, and
 * one whose handler crashed is run again by the next life where its method allows it.
 */
export class ActorCell implements RunOwner, LivesOwner, Parked {
  /** Contract and method, or contract and key. */
  readonly name: string;
  readonly key: string | undefined;
  readonly #options: ActorOptions;
  readonly #backlog: Backlog;
  readonly #lives: Lives;
  #absence: "resting" | "waiting" | "suspended" = "waiting";
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
    this.#lives = new Lives(this);
    this.name = name;
    this.key = key;
  }

  get host(): CellHost {
    return this.#options.host;
  }
  get clock(): Clock {
    return this.#options.host.clock;
  }
  get watch(): RunWatch {
    return this.#options.watch;
  }
  get behaviour(): Behaviour {
    return this.#options.behaviour;
  }
  get shutdownMs(): number {
    return this.#options.shutdownMs;
  }
  get abandoned(): Abandoned {
    return this.#options.abandoned;
  }
  get phase(): ActorPhase {
    return this.#lives.state === "none" ? this.#absence : this.#lives.state;
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
    const refusal = this.phase === "resting" ? this.#want() : this.#refusal;
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

  /** Begins a life. For the keeper. See {@linkcode Lives.begin}. */
  open(): Promise<void> | undefined {
    this.#refusal = undefined;
    this.#absence = "waiting";
    return this.#lives.begin();
  }

  /** Ends its life, if it has one; it waits afterwards. For the keeper. See {@linkcode Lives.end}. */
  close(): Promise<void> | undefined {
    this.#absence = "waiting";
    return this.#lives.end();
  }

  /**
   * The next call wants a life. For the keeper; changes nothing where there is one, or one that begins or ends.
   *
   * @param refusal answers those that wait now
   */
  rest(refusal?: RpcError): void {
    if (this.#lives.state !== "none") return;
    this.#absence = "resting";
    this.#refusal = undefined;
    if (!this.busy) return;
    refusal ??= this.#want();
    if (refusal !== undefined) this.#backlog.turnAway(refusal, "its actor did not start again");
    this.#next();
  }

  /** Answers all calls with that error until it is opened or rests. For the keeper of a cell that has no life. */
  suspend(refusal: RpcError): void {
    this.#absence = "suspended";
    this.#refusal = refusal;
    this.#backlog.turnAway(refusal, "its actor is suspended");
  }

  /** Drops the calls that were given up: they are another instance's. For the keeper. */
  dropWithdrawn(): void {
    this.#backlog.dropWithdrawn();
  }

  opened(): void {
    this.#next();
  }

  idle(limitMs: number): Promise<void> | undefined {
    return this.#run === undefined ? undefined : this.#awaitRun(limitMs);
  }

  stopAsked(life: Life): void {
    if (life === this.#lives.open && this.#run === undefined) this.#exit(life, { kind: "normal" });
  }

  crashed(run: Run, error: unknown): void {
    this.crashes++;
    this.#failed(run, error, "handler crashed");
  }

  overstayed(run: Run): void {
    this.#leaveBehind(run);
    this.#failed(run, new Error("A handler ignored its signal"), "handler abandoned, it ignored its signal");
  }

  ended(_run: Run): void {
    this.#run = undefined;
    const life = this.#lives.open;
    if (life === undefined) this.#runEnd?.resolve();
    else if (life.stopping) this.#exit(life, { kind: "normal" });
    else this.#next();
  }

  endedLate(run: Run): void {
    this.abandoned.ended(run);
    log.info(EVENTS.actor.endedLate, { actor: this.name, callId: run.call.id });
  }

  /** Whether a call may start, as far as the cell is concerned. */
  get #ready(): boolean {
    return this.#run === undefined && !this.#taking && !this.#parked && this.#lives.state === "open";
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
    const life = this.#lives.open;
    if (life === undefined || !call.claim()) return;
    this.#taking = true;
    this.#run = new Run(this, call, life);
    this.#run.begin();
    this.#taking = false;
  }

  /** The next attempt of a call that crashed in an earlier life. */
  #startAgain(crashed: Run): void {
    const life = this.#lives.open;
    if (life === undefined) return;
    if (crashed.call.lost) return crashed.call.drop();
    if (!crashed.mayRunAgain) return crashed.fail("handler crashed");
    this.#taking = true;
    crashed.call.attempt++;
    this.#run = new Run(this, crashed.call, life);
    this.#run.go();
    this.#taking = false;
  }

  /** A run ended with what is no answer: its call waits for the next life, or fails; this life is over. */
  #failed(run: Run, error: unknown, what: string): void {
    this.#run = undefined;
    // The next owner of its queue decides about it.
    if (run.call.lost) run.call.drop();
    else if (run.mayRunAgain && this.#options.keeper.retries) this.#backlog.putBack(run);
    else run.fail(what);
    const life = this.#lives.open;
    if (life === undefined) return this.#runEnd?.resolve();
    log.warn(EVENTS.actor.failed, { actor: this.name, error });
    this.#exit(life, { kind: "failed", error });
  }

  #leaveBehind(run: Run): void {
    run.take();
    this.abandoned.add(run, run.call.id);
    log.error(EVENTS.actor.handlerAbandoned, { actor: this.name, callId: run.call.id });
  }

  /** The life ends by itself. */
  #exit(life: Life, exit: Exit): void {
    const ranMs = this.clock.monotonic() - life.startedAtMs;
    const ending = this.close();
    if (ending === undefined) this.#options.keeper.exited(this, exit, ranMs);
    else void ending.then(() => this.#options.keeper.exited(this, exit, ranMs));
  }

  async #awaitRun(limitMs: number): Promise<void> {
    const { promise } = this.#runEnd = createDeferred<void>();
    if (await inTime(promise, limitMs, this.clock) === TOO_LATE) {
      // No `RpcError`: thrown again it would be an answer, and the call may be run by the next life.
      this.#run?.call.interrupt(new DOMException(`The actor "${this.name}" is stopped`, "AbortError"));
      if (await inTime(promise, INTERRUPT_GRACE_MS, this.clock) === TOO_LATE) this.#abandon();
    }
    this.#runEnd = undefined;
  }

  /** The call that runs has no time left. */
  #abandon(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.watch.remove(run);
    this.#leaveBehind(run);
    this.#failed(run, undefined, "handler abandoned, its actor was stopped");
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
