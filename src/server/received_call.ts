import type { Backoff } from "../async/backoff.ts";
import type { Timer } from "../async/clock.ts";
import type { InboundCall, Ran, Result, TraceHeaders } from "../call/inbound.ts";
import type { ObservedService } from "../call/observer.ts";
import type { ItemSink } from "../call/item_sink.ts";
import { MAX_PACK_ENTRIES } from "../envelope/pack.ts";
import type { Linked } from "../collections/linked_list.ts";
import type { MethodSettings } from "../contract/types.ts";
import type { Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Claim } from "../store/outcome_store.ts";
import { expired, overdue, queueLost } from "./call_errors.ts";
import type { CallFacts } from "./call_facts.ts";
import { ranBefore } from "./ran_before.ts";
import type { Receipt } from "./receipt.ts";
import type { SeenCall } from "./window.ts";

/** What a received call needs from the service that received it. */
export interface CallOwner {
  nowMs(): number;
  /** Whether the call's partition is still this instance's to act on. */
  held(): boolean;
  /** Whether the call's partition was lost, told or not. Absent: it cannot be. */
  lost?(): boolean;
  after(ms: number, callback: () => void): Timer;
  /** The call has its result: encode it, answer, settle. */
  conclude(call: ReceivedCall, result: Result): void;
  /** Whether it is the call's turn among those of its key. Not asked: it is. */
  mayStart?(call: ReceivedCall): boolean;
  /**
   * Asks whatever else has to agree before the handler starts, and waits for the record of the start too, where there
   * is one; `undefined` where there is nothing to ask. Rejects when the handler must not start now.
   */
  admit?(call: ReceivedCall, recorded: Promise<void> | undefined): Promise<void> | undefined;
  /** A call that had been given up has its result after all, and the work had been begun for it. */
  endedLate?(call: ReceivedCall, result: Result): void;
}

/** The answer to a call, item by item. */
export interface CallStream extends ItemSink {
  /** The handler has come to its end, or is given up: nothing comes after this. */
  end(reply: Reply): void;
  /** The call is no longer this instance's. */
  withdrawn(reason: RpcError): void;
}

/** One call between its delivery and its settlement. */
export class ReceivedCall implements InboundCall, Linked<ReceivedCall> {
  readonly facts: CallFacts;
  /** What its partition's duplicate window keeps of it. */
  readonly seen: SeenCall;
  attempt: number;
  readonly #owner: CallOwner;
  #controller: AbortController | undefined;
  #deadline: Timer | undefined;
  #withdrawal: unknown;
  #cancelled: RpcError | undefined;
  #running = false;
  #recording = false;
  /** Set while it waits here for its next attempt. */
  #wait: Timer | undefined;
  #waited = false;
  /** The message that is not settled because of it; `undefined` once it is no longer here. */
  receipt: Receipt | undefined;
  /** Who follows it, where anybody does. */
  observed: ObservedService | undefined;
  /** The right to do its work, once a store has given it. */
  claimed: Claim | undefined;
  /** Pauses between its looks at work that another call does. */
  pauses: Backoff | undefined;
  /** When the wait for its next attempt is over, by the clock's monotonic time. */
  againAtMs = 0;
  /** Its answer, where that is a stream. */
  stream: CallStream | undefined = undefined;
  /** Whether it has its result. */
  settled = false;
  /** Whether it was put into a mailbox. */
  handedOn = false;
  /** Whether it may be put into one: a suspect waits for its verdict, others for their schema or their queue. */
  ready = true;
  /** Whether it cannot travel as a message of its own: it stays, and holds its queue up. */
  stays = false;
  /** Whether nothing else of its partition may be at work beside it. */
  alone = false;
  previous: ReceivedCall | undefined = undefined;
  next: ReceivedCall | undefined = undefined;

  constructor(facts: CallFacts, seen: SeenCall, owner: CallOwner) {
    this.facts = facts;
    this.attempt = facts.attempt;
    this.seen = seen;
    this.#owner = owner;
  }

  get id(): string {
    return this.facts.request.id;
  }
  get method(): string {
    return this.facts.method;
  }
  get kind(): "call" | "oneway" {
    return this.facts.request.kind === "oneway" ? "oneway" : "call";
  }
  get settings(): MethodSettings {
    return this.facts.settings;
  }
  get key(): string | undefined {
    return this.facts.key;
  }
  /** What it may have to wait for: of a service, methods know nothing of each other's calls. */
  get line(): string | undefined {
    const { key, method, settings } = this.facts;
    return key === undefined || settings.key === undefined ? key : `${method}@${key}`;
  }
  get partition(): string {
    const { broker, id } = this.facts.delivery.queue;
    return `${broker}/${id}`;
  }
  get sequence(): number {
    return this.facts.delivery.offset * MAX_PACK_ENTRIES + this.facts.index;
  }
  get chain(): readonly string[] {
    return this.facts.request.chain;
  }
  get trace(): TraceHeaders | undefined {
    return this.facts.request.trace;
  }
  get input(): unknown {
    return this.facts.input;
  }
  get bytes(): number {
    return this.facts.request.body?.length ?? 0;
  }
  get deadlineMs(): number {
    return this.facts.deadlineMs;
  }
  get idempotencyKey(): string {
    return this.facts.request.idempotencyKey ?? this.facts.request.id;
  }
  get caller(): string | undefined {
    return this.facts.request.from;
  }
  get headers(): ReadonlyMap<string, string> {
    return this.facts.request.userHeaders;
  }
  get withdrawn(): boolean {
    return this.#withdrawal !== undefined;
  }
  get lost(): boolean {
    return !this.withdrawn && (this.#owner.lost?.() ?? false);
  }
  /** Whether a result is no more than that its handler was told to let go, because the call is no longer here. */
  isLetGo(result: Result): boolean {
    return !result.ok && result.ran === "yes" && this.withdrawn && result.error === this.#withdrawal;
  }
  /** Whether its handler has been started and has not answered yet. */
  get running(): boolean {
    return this.#running;
  }
  get signal(): AbortSignal {
    this.#controller ??= this.#createController();
    return this.#controller.signal;
  }
  get signalInUse(): AbortSignal | undefined {
    const given = this.#withdrawal ?? this.#cancelled;
    return given === undefined ? this.#controller?.signal : this.signal;
  }

  /** Whether its signal was asked for, and has aborted. */
  get aborted(): boolean {
    return this.#controller?.signal.aborted ?? false;
  }
  /** Whether its caller has cancelled it. */
  get cancelled(): boolean {
    return this.#cancelled !== undefined;
  }
  /** Whether it waits here for its next attempt. */
  get waiting(): boolean {
    return this.#wait !== undefined;
  }

  /** Whether its handler ran, as long as it is not running: an earlier owner, or an earlier attempt, may have. */
  get ranBefore(): Ran {
    return this.#waited ? "maybe" : ranBefore(this.facts.delivery, this.facts.request);
  }

  claim(): boolean {
    if (this.#withdrawal !== undefined || this.settled || !this.#owner.held()) return false;
    if (this.#cancelled !== undefined) return this.#end(this.#cancelled);
    const remainingMs = this.deadlineMs - this.#owner.nowMs();
    const { minRemainingMs } = this.facts.settings;
    if (remainingMs <= 0 || remainingMs < minRemainingMs) return this.#end(expired(minRemainingMs));
    if (this.facts.key !== undefined && this.#owner.mayStart?.(this) === false) return false;
    this.#running = true;
    return true;
  }

  started(): Promise<void> | undefined {
    // Not awaited where it is safe to run again: that loses nothing when the record comes too late.
    const { settings: { safe, idempotent }, delivery } = this.facts;
    const started = delivery.started(safe);
    const recorded = idempotent ? undefined : started;
    const admitted = this.#owner.admit?.(this, recorded) ?? recorded;
    if (admitted === undefined) return undefined;
    this.#recording = true;
    return admitted.finally(() => {
      // This instance stood still meanwhile, and has not been told yet: another one may run the call by now.
      if (this.lost) this.withdraw(queueLost(this.id));
      this.#recording = false;
    });
  }

  settle(result: Result): void {
    if (this.settled) return;
    // That nothing ran is for whoever has its queue by now to say.
    if (!result.ok && result.ran === "no" && this.lost) return this.withdraw(queueLost(this.id));
    this.letGo();
    if (this.#withdrawal === undefined) this.#owner.conclude(this, result);
    else if (this.claimed !== undefined) this.#owner.endedLate?.(this, result);
  }

  drop(): void {
    if (this.settled) return;
    this.letGo();
    const error = queueLost(this.id);
    this.#withdrawal ??= error;
    this.stream?.withdrawn(error);
    if (this.claimed === undefined) return;
    const dead = { reason: "its queue was lost", attempts: this.attempt };
    this.#owner.endedLate?.(this, { ok: false, error, ran: "maybe", dead });
  }

  /** Nothing more is done with it here: it has its result, or will be run from another message. */
  letGo(): void {
    this.settled = true;
    this.#running = false;
    this.#deadline?.cancel();
    this.#wait?.cancel();
    this.#wait = undefined;
  }

  /**
   * Lets it wait here, to be claimed again.
   *
   * @param attempt the attempt that it waits for
   * @param wait the timer that brings it back
   */
  postpone(attempt: number, wait: Timer): void {
    this.#deadline?.cancel();
    // The next attempt gets a signal of its own.
    this.#controller = undefined;
    this.attempt = attempt;
    this.#running = this.settled = false;
    this.#wait = wait;
    this.#waited = true;
  }

  /** Its wait is over. */
  back(): void {
    this.#wait = undefined;
  }

  interrupt(reason: unknown): void {
    if (this.settled || this.#withdrawal !== undefined) return;
    this.#deadline?.cancel();
    this.#controller?.abort(reason);
    this.#controller = undefined;
  }

  /** Whether it waits for its start to be on record: its handler has not begun. */
  get recording(): boolean {
    return this.#recording;
  }

  /**
   * Ends the call as its caller asks: one that has not started is answered with `cancelled`, the handler of one that
   * runs is told, and what it answers still counts. Returns whether there was anything to end.
   */
  cancel(): boolean {
    if (this.settled || this.#withdrawal !== undefined || this.#cancelled !== undefined) return false;
    this.#cancelled = new RpcError("cancelled", "The caller cancelled the call", {
      outcome: "rejected",
      callId: this.id,
    });
    if (this.#running && !this.#recording) this.#controller?.abort(this.#cancelled);
    // One that is still looked into may have been answered, or be dead: it ends at its claim.
    else if (this.ready) this.#end(this.#cancelled);
    return true;
  }

  /** Tells its handler that nobody wants what it makes any more, and ends it as a cancel would. */
  stop(reason: RpcError): void {
    this.#cancelled ??= reason;
    this.#controller?.abort(reason);
  }

  /** Answers without a handler. Always `false`, as a claim is answered then. */
  #end(error: RpcError): false {
    this.settle({ ok: false, error, ran: this.ranBefore });
    // A cell that waits for the record of its start must not begin any more.
    this.#withdrawal ??= error;
    return false;
  }

  /** Takes the call away from this instance: its handler is told, and what it answers is dropped. */
  withdraw(reason: unknown): void {
    if (this.settled || this.withdrawn) return;
    this.#withdrawal = reason;
    this.#deadline?.cancel();
    this.#wait?.cancel();
    this.#controller?.abort(reason);
    this.stream?.withdrawn(RpcError.from(reason));
    // Admitted, and its handler will not begin.
    if (!this.#recording || this.claimed === undefined) return;
    this.#owner.endedLate?.(this, { ok: false, error: RpcError.from(reason), ran: "no" });
  }

  #createController(): AbortController {
    const controller = new AbortController();
    const given = this.#withdrawal ?? this.#cancelled;
    if (given !== undefined) controller.abort(given);
    else if (!this.settled && this.deadlineMs !== Infinity) {
      const remainingMs = this.deadlineMs - this.#owner.nowMs();
      this.#deadline = this.#owner.after(remainingMs, () => controller.abort(overdue(this.id)));
    }
    return controller;
  }
}
