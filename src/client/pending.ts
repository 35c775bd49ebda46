import { type TimerWheel, WheelTimer } from "../async/timer_wheel.ts";
import { OUTCOME_GRACE_MS } from "../call/defaults.ts";
import { type Identified, IdTable } from "../collections/id_table.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Code } from "../errors/code.ts";
import type { Outcome } from "../errors/outcome.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { QueueRef } from "../transport/transport.ts";
import { codeOfAbort } from "./refusal.ts";

/** What a caller hears whose signal has aborted; why is the error's cause. */
export const GIVEN_UP = "The call was given up";

/** What happens to a pending call; nothing after it is over. */
export interface PendingCall {
  readonly id: string;
  /** The queue that has it, or may have it. */
  readonly queue?: QueueRef | undefined;
  /** Whether a reply only says again what an earlier one has said: then it is passed over. Asked once for each. */
  repeats?(reply: Reply): boolean;
  /** A reply came before the deadline. `false` when the call goes on waiting: it is made again, or still reads it. */
  replied(reply: Reply): boolean;
  /** The deadline passed, and nothing more was learnt. Then it is over. */
  timedOut(error: RpcError): void;
  /** There will be no answer. Then it is over. */
  failed(error: RpcError): void;
}

/** One entry of the table: where a call stands, and the timer of its deadline. */
class Entry extends WheelTimer implements Identified<Entry> {
  readonly id: string;
  readonly call: PendingCall;
  /** What giving the call up now means: `not_sent` until a transport has had it in its hands. */
  outcome: Outcome = "not_sent";
  overdue = false;
  /** How long it waits beyond its deadline for the outcome, in milliseconds. */
  readonly graceMs: number;
  detach: (() => void) | undefined = undefined;
  nextInBucket: Entry | undefined = undefined;
  readonly #onDeadline: (entry: Entry) => void;

  constructor(call: PendingCall, graceMs: number, onDeadline: (entry: Entry) => void) {
    super();
    this.id = call.id;
    this.call = call;
    this.graceMs = graceMs;
    this.#onDeadline = onDeadline;
  }

  fire(): void {
    this.#onDeadline(this);
  }
}

/**
 * The calls that wait for a reply, by id. Every way out of the table removes the entry, its timer and its abort
 * listener. Replies to ids that are not in it are counted and dropped.
 */
export class PendingCalls {
  readonly #entries = new IdTable<Entry>();
  readonly #wheel: TimerWheel;
  readonly #onEmpty: (() => void)[] = [];
  #lateReplies = 0;
  #refusedReplies = 0;
  readonly #onDeadline = (entry: Entry): void => this.#deadline(entry);

  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#entries.size;
  }

  /** Replies that came for no waiting call: late, or a second one. */
  get lateReplies(): number {
    return this.#lateReplies;
  }

  /** What came in place of a reply and could not be read as one. */
  get refusedReplies(): number {
    return this.#refusedReplies;
  }

  /** Counts what is no reply: the call that it may have been for waits on. */
  refused(): void {
    this.#refusedReplies++;
  }

  /**
   * Enters a call. It fails with `deadline_exceeded` after `timeoutMs` and a short grace in which only its
   * outcome is still learnt, and with `cancelled` when `signal` aborts, which it has not done yet.
   *
   * @param nowMs what the clock's monotonic time is, where the caller has just read it
   */
  add(
    call: PendingCall,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    graceMs: number = OUTCOME_GRACE_MS,
    nowMs?: number,
  ): void {
    const entry = new Entry(call, graceMs, this.#onDeadline);
    this.#wheel.start(entry, timeoutMs, nowMs);
    this.#entries.add(entry);
    if (signal !== undefined) this.#listen(entry, signal);
  }

  /** Notes that a transport has the call from now on. `false` when it is over already. */
  handOver(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.outcome = "sent_unknown";
    return true;
  }

  /** Notes what giving the call up means from now on, until it is handed over again. */
  note(id: string, outcome: Outcome): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.outcome = outcome;
  }

  /** Whether a call waits for its reply. */
  has(id: string): boolean {
    return this.#entries.get(id) !== undefined;
  }

  /** The calls that may have been answered by now. */
  underWay(): PendingCall[] {
    const calls: PendingCall[] = [];
    for (const { call, outcome } of this.#entries.items()) if (outcome === "sent_unknown") calls.push(call);
    return calls;
  }

  /** Settles a call by its value: one that has no reply. `false` when it has been settled already. */
  finish(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && this.#leave(entry) !== undefined;
  }

  /** Settles a call by its reply; an unknown id is counted and dropped. Returns whether one waited. */
  reply(reply: Reply): boolean {
    const entry = this.#entries.get(reply.id);
    if (entry === undefined) {
      this.#lateReplies++;
      return false;
    }
    if (entry.call.repeats?.(reply)) return true;
    if (entry.overdue) this.#leave(entry)?.failed(overdue(entry, reply));
    else if (entry.call.replied(reply)) this.#leave(entry);
    return true;
  }

  /** Settles a call by an error. Does nothing when it has been settled already. */
  fail(id: string, error: RpcError): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#leave(entry)?.failed(error);
  }

  /** Settles a call with `cancelled` and the outcome known. Does nothing when it has been settled already. */
  cancel(id: string, reason: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#leave(entry)?.failed(failure(entry, "cancelled", reason));
  }

  /** Settles every call with `cancelled` and the outcome known. */
  cancelAll(reason: string): void {
    // Ids sort by time.
    for (const entry of this.#entries.items().sort((one, other) => one.id < other.id ? -1 : 1)) {
      this.#leave(entry)?.failed(failure(entry, "cancelled", reason));
    }
  }

  /** Resolves once no call waits. */
  empty(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #listen(entry: Entry, signal: AbortSignal): void {
    const onAbort = () => {
      const { reason } = signal;
      this.#leave(entry)?.failed(failure(entry, codeOfAbort(reason), GIVEN_UP, reason));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    entry.detach = () => signal.removeEventListener("abort", onAbort);
  }

  #leave(entry: Entry): PendingCall | undefined {
    if (!this.#entries.delete(entry)) return undefined;
    entry.cancel();
    entry.detach?.();
    if (this.#entries.size === 0) { for (const resolve of this.#onEmpty.splice(0)) resolve(); }
    return entry.call;
  }

  #deadline(entry: Entry): void {
    const { outcome, graceMs, overdue } = entry;
    if (overdue || outcome !== "sent_unknown" || graceMs === 0) return this.#timeOut(entry);
    entry.overdue = true;
    this.#wheel.start(entry, graceMs);
  }

  #timeOut(entry: Entry): void {
    const { outcome } = entry;
    const message = outcome === "sent_unknown"
      ? "No reply came before the deadline"
      : outcome === "not_sent"
      ? "The deadline passed before the call was sent"
      : "The deadline passed before the reply was read";
    this.#leave(entry)?.timedOut(failure(entry, "deadline_exceeded", message));
  }
}

function failure({ call, outcome }: Entry, code: Code, message: string, cause?: unknown): RpcError {
  return new RpcError(code, message, { outcome, callId: call.id, cause });
}

/** What a reply within the grace tells: the outcome, not the result. */
function overdue(entry: Entry, reply: Reply): RpcError {
  const outcome = reply.ok ? "executed_reply_lost" : reply.error.outcome;
  const message = outcome === "expired"
    ? "The deadline passed before a handler could start"
    : "The reply came after the deadline";
  return new RpcError("deadline_exceeded", message, { outcome, callId: entry.call.id });
}
