import { isPromiseLike } from "../../src/async/promise_like.ts";
import { ATTEMPTS } from "../../src/call/defaults.ts";
import type { AnyHandler, HandlerContext } from "../../src/call/handler.ts";
import type { InboundCall } from "../../src/call/inbound.ts";
import { interceptHandler } from "../../src/call/interceptor.ts";
import { RetryLater } from "../../src/call/retry_later.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import { CallContext, type Stoppable } from "./call_context.ts";
import type { CellHost } from "./cell_host.ts";
import { runInScope } from "./call_scope.ts";
import { driveItems } from "./items.ts";
import type { RunWatch } from "./run_watch.ts";

/** What answers calls: a function, or one incarnation of an actor. */
export interface Answering extends Stoppable {
  /** Runs the handler of the method. */
  answer(method: string, input: unknown, context: HandlerContext): unknown;
}

/** The cell whose slot a run holds. */
export interface RunOwner {
  readonly host: CellHost;
  readonly watch: RunWatch;
  /** The handler threw what is no answer. The slot is still held: run it again, or make it fail. */
  crashed(run: Run, error: unknown): void;
  /** The call is answered, or nobody's any more: the slot is free. */
  ended(run: Run): void;
  /** The handler ignores its signal: take the slot from it. */
  overstayed(run: Run): void;
  /** A handler from which the slot was taken has ended after all; what it answered is dropped. */
  endedLate(run: Run): void;
}

const log = logger("callee");

/** One call in one slot of a cell: its start is recorded, its handler runs in its scope, its result settles it. */
export class Run {
  readonly call: InboundCall;
  readonly #owner: RunOwner;
  readonly #actor: Answering;
  #context: CallContext | undefined;
  #taken = false;

  // For the watch: the runs before and after this one, when it came, and since when it has been ignoring its signal.
  previous: Run | undefined;
  next: Run | undefined;
  watchedSince = 0;
  ignoringSinceMs: number | undefined;

  /**
   * @param owner whose slot it holds
   * @param call claimed
   * @param actor what answers it
   */
  constructor(owner: RunOwner, call: InboundCall, actor: Answering) {
    this.#owner = owner;
    this.call = call;
    this.#actor = actor;
  }

  /** Records the start of a call that was claimed, and runs it. */
  begin(): void {
    const recorded = this.call.started();
    if (recorded === undefined) return this.go();
    recorded.then(
      // Given up while the start was recorded: whoever has the queue by now decides about the call.
      () => this.#taken || this.call.withdrawn ? this.#unstarted() : this.go(),
      // The partition was lost before the start was on record: another instance will run the call.
      () => this.#unstarted(),
    );
  }

  /** Runs a call whose start is on record. */
  go(): void {
    const { scope } = this.#context = new CallContext(this.call, this.#owner.host, this.#actor);
    let output: unknown;
    let later: Promise<unknown> | undefined;
    try {
      output = runInScope(scope, Run.#answer, this);
      // A promise stays as it is; anything else with a `then` is made to settle once, and not from within.
      if (isPromiseLike(output)) later = Promise.resolve(output);
    } catch (error) {
      return this.#threw(error);
    }
    if (later === undefined) return this.#returned(output);
    this.#owner.watch.add(this);
    later.then((value) => {
      this.#owner.watch.remove(this);
      this.#returned(value);
    }, (error) => {
      this.#owner.watch.remove(this);
      this.#threw(error);
    });
  }

  /** Whether a crashed call may run again: within its attempts and its deadline, and still this instance's. */
  get mayRunAgain(): boolean {
    const { call } = this;
    // Its caller has items of this run: those of another one would not fit.
    if (call.stream?.begun) return false;
    if (!call.settings.idempotent || call.attempt >= ATTEMPTS || !this.#inTime) return false;
    return !call.withdrawn && !call.signal.aborted;
  }

  /** Answers a crashed call that does not run again, and sends it to the dead letters. */
  fail(what: string): void {
    const { call } = this;
    const { method, attempt, settings: { idempotent } } = call;
    const reason = idempotent && !this.mayRunAgain ? `${what}, ${this.#hindrance}` : what;
    // What a handler throws may hold what the caller must not see: it stays in the log.
    const error = new RpcError(
      "internal",
      `The handler of "${method}" failed; its error is in the callee's log`,
    );
    call.settle({ ok: false, error, ran: "yes", dead: { reason, attempts: attempt } });
  }

  /** Takes the slot from a handler that goes on: what it answers from now on is dropped. */
  take(): void {
    this.#taken = true;
  }

  /** The handler ignores its signal. For the watch. */
  overstay(): void {
    this.#owner.overstayed(this);
  }

  // Not a closure: it is called for every call.
  static #answer(run: Run): unknown {
    const { call } = run;
    if (call.stream === undefined) return Run.#handle(run);
    return driveItems(Run.#handle(run), call.stream, call.signal, call.method);
  }

  static #handle(run: Run): unknown {
    const { call: { method, input } } = run;
    const context = run.#context;
    const actor = run.#actor;
    const { interceptors } = run.#owner.host;
    if (context === undefined) throw new TypeError("Cannot run a call without its context");
    if (interceptors.length === 0) return actor.answer(method, input, context);
    const handler: AnyHandler = (changed, given) => actor.answer(method, changed, given);
    return interceptHandler(context.contract, method, handler, interceptors)(input, context);
  }

  get #inTime(): boolean {
    return this.call.deadlineMs > this.#owner.host.clock.now();
  }

  /** Why a call that might run again does not. */
  get #hindrance(): string {
    const { attempt, signal } = this.call;
    if (attempt >= ATTEMPTS) return "attempts spent";
    const cancelled = signal.reason instanceof RpcError && signal.reason.code === "cancelled";
    return cancelled ? "its caller cancelled it" : "no time for another attempt";
  }

  #unstarted(): void {
    if (this.#taken) this.#owner.endedLate(this);
    else this.#owner.ended(this);
  }

  #returned(output: unknown): void {
    if (this.#taken) return this.#owner.endedLate(this);
    this.call.settle({ ok: true, output });
    this.#context?.scope.end();
    this.#owner.ended(this);
  }

  #threw(thrown: unknown): void {
    if (this.#taken) return this.#owner.endedLate(this);
    const { call } = this;
    const { attempt } = call;
    const error = isAbort(thrown) && thrown.cause === call.signal.reason ? thrown.cause : thrown;
    if (error instanceof RpcError) {
      call.settle({ ok: false, error, ran: "yes" });
    } else if (error instanceof RetryLater) {
      const answer = new RpcError("unavailable", error.message);
      call.settle({ ok: false, error: answer, ran: "yes", again: { afterMs: error.afterMs, attempt } });
    } else {
      log.error(EVENTS.callee.handlerCrashed, { method: call.method, callId: call.id, attempt, error });
      return this.#owner.crashed(this, error);
    }
    this.#context?.scope.end();
    this.#owner.ended(this);
  }
}

/** Whether it is what Node's APIs throw when their signal aborts: an error of their own, around the signal's reason. */
function isAbort(error: unknown): error is Error {
  return error instanceof Error && error.name === "AbortError" && error.cause instanceof RpcError;
}
