import type { Timer } from "../async/clock.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import { OUTCOME_GRACE_MS } from "../call/defaults.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Code } from "../errors/code.ts";
import { RpcError } from "../errors/rpc_error.ts";

/** What happens to a pending call, each called at most once and nothing after it. */
export interface PendingCall {
  readonly id: string;
  /** Asked of a reply that came before the deadline: `true` when the call is made again and goes on waiting. */
  goesOn(reply: Reply): boolean;
  /** A reply came before the deadline. */
  replied(reply: Reply): void;
  /** There will be no answer. */
  failed(error: RpcError): void;
}

/** One entry of the table: where a call stands. */
interface Entry {
  readonly call: PendingCall;
  /** Whether a transport has had it in its hands: before that, giving up means `not_sent`. */
  handedOver: boolean;
  overdue: boolean;
  /** How long it waits beyond its deadline for the outcome, in milliseconds. */
  readonly graceMs: number;
  timer: Timer;
  detach: (() => void) | undefined;
}

/**
 * The calls that wait for a reply, by id. Every way out of the table removes the entry, its timer and its abort
 * listener. Replies to ids that are not in it are counted and dropped.
 */
export class PendingCalls {
  readonly #entries = new Map<string, Entry>();
  readonly #wheel: TimerWheel;
  readonly #onEmpty: (() => void)[] = [];
  #lateReplies = 0;

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

  /**
   * Enters a call. It fails with `deadline_exceeded` after `timeoutMs` and a short grace in which only its
   * outcome is still learnt (none for a nested call, whose caller has no time left), and with `cancelled` when
   * `signal` aborts.
   */
  add(
    call: PendingCall,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    graceMs: number = OUTCOME_GRACE_MS,
  ): void {
    const entry: Entry = {
      call,
      graceMs,
      handedOver: false,
      overdue: false,
      timer: this.#wheel.schedule(timeoutMs, () => this.#deadline(entry)),
      detach: undefined,
    };
    this.#entries.set(call.id, entry);
    if (signal === undefined) return;
    const onAbort = () => {
      const error = failure(entry, "cancelled", "The caller cancelled the call", signal.reason);
      this.#leave(entry)?.failed(error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    entry.detach = () => signal.removeEventListener("abort", onAbort);
  }

  /** Whether the call still waits. */
  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Notes that a transport has the call from now on. `false` when it has been settled already. */
  handOver(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.handedOver = true;
    return true;
  }

  /** Notes that no transport has the call any more, and none has stored it. */
  takeBack(id: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.handedOver = false;
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
    if (!entry.overdue && entry.call.goesOn(reply)) return true;
    this.#leave(entry);
    if (!entry.overdue) entry.call.replied(reply);
    else entry.call.failed(overdue(entry, reply));
    return true;
  }

  /** Settles a call by an error. Does nothing when it has been settled already. */
  fail(id: string, error: RpcError): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#leave(entry)?.failed(error);
  }

  /** Settles every call with `cancelled` and the outcome known. */
  cancelAll(reason: string): void {
    for (const entry of [...this.#entries.values()]) {
      this.#leave(entry)?.failed(failure(entry, "cancelled", reason));
    }
  }

  /** Resolves once no call waits. */
  empty(): Promise<void> {
    if (this.#entries.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #leave(entry: Entry): PendingCall | undefined {
    if (!this.#entries.delete(entry.call.id)) return undefined;
    entry.timer.cancel();
    entry.detach?.();
    if (this.#entries.size === 0) { for (const resolve of this.#onEmpty.splice(0)) resolve(); }
    return entry.call;
  }

  #deadline(entry: Entry): void {
    if (!entry.handedOver || entry.graceMs === 0) {
      this.#leave(entry)?.failed(
        failure(
          entry,
          "deadline_exceeded",
          entry.handedOver ? NO_REPLY : "The deadline passed before the call was sent",
        ),
      );
      return;
    }
    entry.overdue = true;
    entry.timer = this.#wheel.schedule(entry.graceMs, () => {
      this.#leave(entry)?.failed(failure(entry, "deadline_exceeded", NO_REPLY));
    });
  }
}

const NO_REPLY = "No reply came before the deadline";

function failure(entry: Entry, code: Code, message: string, cause?: unknown): RpcError {
  const outcome = entry.handedOver ? "sent_unknown" : "not_sent";
  return new RpcError(code, message, { outcome, callId: entry.call.id, cause });
}

/** What a reply within the grace tells: the outcome, not the result. */
function overdue(entry: Entry, reply: Reply): RpcError {
  const outcome = reply.ok ? "executed_reply_lost" : reply.error.outcome;
  const message = outcome === "expired"
    ? "The deadline passed before a handler could start"
    : "The reply came after the deadline";
  return new RpcError("deadline_exceeded", message, { outcome, callId: entry.call.id });
}
