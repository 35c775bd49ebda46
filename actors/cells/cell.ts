import type { AnyHandler, HandlerContext } from "../../src/call/handler.ts";
import type { InboundCall } from "../../src/call/inbound.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import { Abandoned } from "../supervision/abandoned.ts";
import type { CellHost } from "./cell_host.ts";
import { cycle, timesInChain } from "./cycle.ts";
import type { Mailbox } from "./mailbox.ts";
import { refuse } from "./refuse.ts";
import { type Answering, Run, type RunOwner } from "./run.ts";
import type { RunWatch } from "./run_watch.ts";
import type { Parked } from "./turns.ts";

const log = logger("actor");

/** What a cell is made of. */
export interface CellOptions {
  /** The contract's name and the method, as chains of calls have it. */
  readonly address: string;
  readonly handler: AnyHandler;
  /** Handlers that run at once. */
  readonly concurrency: number;
  /** In order, or in order by key. */
  readonly mailbox: Mailbox;
  readonly host: CellHost;
  readonly watch: RunWatch;
}

/**
 * A function's mailbox plus its running handlers. It has no state: calls run at once up to the concurrency, in the
 * order in which the mailbox gives them, and a crash is a matter of the call alone.
 */
export class Cell implements RunOwner, Parked {
  readonly host: CellHost;
  readonly watch: RunWatch;
  /** Handlers that ignored their signal for too long. */
  readonly abandoned: Abandoned = new Abandoned();
  readonly #options: CellOptions;
  readonly #mailbox: Mailbox;
  readonly #actor: Answering;
  #taking = false;
  #parked = false;
  #running = 0;
  #crashes = 0;

  constructor(options: CellOptions) {
    this.#options = options;
    this.#mailbox = options.mailbox;
    this.#actor = new FunctionActor(options.handler);
    this.host = options.host;
    this.watch = options.watch;
  }

  /** Calls that wait in the mailbox. */
  get depth(): number {
    return this.#mailbox.size;
  }

  /** Handlers at work; those that were left behind are not counted. */
  get running(): number {
    return this.#running;
  }

  /** Runs that ended with something that is no answer. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Starts a call, or puts it into the mailbox; `false` when that is full. */
  deliver(call: InboundCall): boolean {
    // Whatever waits or runs here already goes on below: a handler that answers at once must not deepen the stack.
    if (this.#free && this.host.turns.take() && this.#mailbox.pass(call)) {
      this.#taking = true;
      this.#start(call);
      this.#taking = false;
      this.#next();
      return true;
    }
    if (call.chain.length > 0 && this.#waitsForItself(call)) return true;
    if (!this.#mailbox.put(call)) return false;
    this.#next();
    return true;
  }

  resume(): void {
    this.#parked = false;
    this.#next();
  }

  crashed(run: Run): void {
    this.#crashes++;
    // The next owner of its queue decides about it.
    if (run.call.lost) {
      run.call.drop();
      return this.ended(run);
    }
    if (run.mayRunAgain) {
      run.call.attempt++;
      return run.go();
    }
    run.fail("handler crashed");
    this.ended(run);
  }

  ended({ call }: Run): void {
    this.#running--;
    this.#mailbox.done(call);
    this.#next();
  }

  overstayed(run: Run): void {
    run.take();
    this.abandoned.add(run, run.call.id);
    log.error(EVENTS.actor.handlerAbandoned, { actor: this.#options.address, callId: run.call.id });
    run.fail("handler abandoned, it ignored its signal");
    this.ended(run);
  }

  endedLate(run: Run): void {
    this.abandoned.ended(run);
    log.info(EVENTS.actor.endedLate, { actor: this.#options.address, callId: run.call.id });
  }

  get #free(): boolean {
    return !this.#taking && !this.#parked && this.#running < this.#options.concurrency;
  }

  #next(): void {
    while (this.#free && this.#mailbox.size > 0) {
      if (!this.host.turns.take()) {
        this.#parked = true;
        return this.host.turns.park(this);
      }
      const call = this.#mailbox.take();
      if (call === undefined) return;
      this.#taking = true;
      this.#start(call);
      this.#taking = false;
    }
  }

  #start(call: InboundCall): void {
    if (!call.claim()) return this.#mailbox.done(call);
    this.#running++;
    new Run(this, call, this.#actor).begin();
  }

  /** Whether every slot that it could wait for may be held by the calls above it. */
  #waitsForItself(call: InboundCall): boolean {
    const { address, concurrency } = this.#options;
    const place = this.#mailbox.blocked(call) ? `${address}@${call.key}` : address;
    const needed = place === address ? concurrency : 1;
    if (place === address && this.#running < concurrency) return false;
    if (timesInChain(call, place) < needed) return false;
    refuse(call, cycle(call, place));
    return true;
  }
}

/** A function has no state: there is nothing that `ctx.self.stop()` could end. */
class FunctionActor implements Answering {
  readonly #handler: AnyHandler;

  constructor(handler: AnyHandler) {
    this.#handler = handler;
  }

  answer(_method: string, input: unknown, context: HandlerContext): unknown {
    return this.#handler(input, context);
  }

  stop(): void {}
}
