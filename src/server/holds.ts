import { RpcError } from "../errors/rpc_error.ts";
import type { Receipt } from "./receipt.ts";
import { noReceipt } from "./receipt.ts";
import { isSuspect } from "./attempts.ts";
import { MAX_HOLD_MS, PACK_HOLD_MS, SPAN_LIMIT, SWEEP_CALLS, WINDOW_AGE_MS } from "./defaults.ts";
import type { LiveCalls } from "./live_calls.ts";
import type { ReceivedCall } from "./received_call.ts";
import type { Retries } from "./retries.ts";
import { sentAgain } from "./resends.ts";
import type { Shared } from "./shared.ts";
import type { Span } from "./span.ts";

/** A call that holds its queue up and cannot be let go. */
export interface Holder {
  /** `broker/id` of its queue. */
  readonly queue: string;
  readonly callId: string;
  readonly method: string;
  /** Its key, if that is why. */
  readonly key: string | undefined;
  /** For how long its message has been here, in milliseconds. */
  readonly heldMs: number;
}

/** A call that runs and of which copies stand in its queue. */
interface Copied {
  readonly call: ReceivedCall;
  /** Copies that are on their way back. */
  expected: number;
  /** Messages of copies that came back, beside the one that the call holds. */
  readonly spare: Receipt[];
  /** Whether a copy is being stored. */
  storing: boolean;
  /** When the call ended, by the clock's monotonic time. */
  endedAtMs: number | undefined;
}

/**
 * Keeps slow calls from holding up what others have finished: with one committed offset per queue, a crash would
 * bring all of that back.
 *
 * A call that runs is copied to its queue, and its message is settled; the copy comes back to this very call and is
 * settled with it. The copy says that it was started: should this instance die, it is a suspect for the next one. A
 * call that does not run yet is moved to the end of the queue instead.
 * What has a key, waits for its next attempt, or came from a stranger cannot be sent again: it stays, and is named.
 */
export class Holds {
  readonly #live: LiveCalls;
  readonly #shared: Shared;
  readonly #span: Span<Receipt>;
  readonly #retries: Retries;
  readonly #copied = new Map<string, Copied>();
  /** Whether settled messages wait for those before them. */
  readonly #ordered: boolean;

  constructor(live: LiveCalls, shared: Shared, span: Span<Receipt>, retries: Retries) {
    this.#live = live;
    this.#shared = shared;
    this.#span = span;
    this.#retries = retries;
    this.#ordered = shared.parts.transport.capabilities.ownership === "offset";
  }

  /** Lets go of what has held its queue or its pack for too long. `nowMs` is the clock's monotonic time. */
  sweep(nowMs: number): void {
    const limitMs = this.#span.width >= SPAN_LIMIT ? 0 : MAX_HOLD_MS;
    let left = SWEEP_CALLS;
    // A copy: what is let go may let others end.
    for (const call of [...this.#live.calls]) {
      const { receipt } = call;
      if (receipt === undefined) continue;
      if (call.running && receipt.calls > 1) receipt.begunAtMs ??= nowMs;
      if (left === 0 || call.settled) continue;
      if (this.#holds(receipt, nowMs, limitMs) || inPack(call, receipt, nowMs)) {
        if (this.#release(call)) left--;
      }
    }
    for (const [id, { endedAtMs }] of this.#copied) {
      if (endedAtMs !== undefined && nowMs - endedAtMs >= WINDOW_AGE_MS) this.#copied.delete(id);
    }
  }

  /** Takes a copy that was made here; `false` where it was not, or is one too many. */
  take(id: string, receipt: Receipt): boolean {
    const copied = this.#copied.get(id);
    if (copied === undefined || copied.expected === 0) return false;
    copied.expected--;
    const current = copied.call.receipt;
    if (current === undefined) {
      receipt.done();
      if (copied.expected === 0) this.#copied.delete(id);
      return true;
    }
    // It is in the hands of the handler that runs: others behind it need not wait for a start of its own.
    void receipt.delivery.started();
    if (current.calls === 0) copied.call.receipt = receipt;
    else copied.spare.push(receipt);
    return true;
  }

  /** The call is no longer here: its copies are settled with it. */
  ended(call: ReceivedCall): void {
    if (this.#copied.size === 0) return;
    const copied = this.#copied.get(call.id);
    if (copied === undefined || copied.call !== call) return;
    for (const receipt of copied.spare.splice(0)) receipt.done();
    if (copied.expected === 0 && !copied.storing) this.#copied.delete(call.id);
    else copied.endedAtMs = this.#shared.parts.clock.monotonic();
  }

  /** The calls that hold the queue up and cannot be let go. */
  holders(nowMs: number): readonly Holder[] {
    const holders: Holder[] = [];
    for (const call of this.#live.calls) {
      const { receipt } = call;
      if (receipt === undefined || call.settled || this.#copied.has(call.id)) continue;
      if (!this.#holds(receipt, nowMs, MAX_HOLD_MS)) continue;
      const { method, key } = call.facts;
      const heldMs = nowMs - receipt.receivedAtMs;
      holders.push({ queue: call.partition, callId: call.id, method, key, heldMs });
    }
    return holders;
  }

  #holds(receipt: Receipt, nowMs: number, limitMs: number): boolean {
    return this.#ordered && receipt.calls > 0 && nowMs - receipt.receivedAtMs >= limitMs &&
      this.#span.holdsBack(receipt);
  }

  #release(call: ReceivedCall): boolean {
    const { key, plain, request, delivery } = call.facts;
    if (key !== undefined || plain !== undefined || call.stays) return false;
    if (call.waiting || call.recording || !call.ready) return false;
    if (call.running) return this.#copy(call);
    // A suspect stays one only as long as its message is the one with the marks.
    if (isSuspect(request, delivery)) return false;
    this.#shared.counts.moved++;
    this.#retries.moveBack(call);
    return true;
  }

  #copy(call: ReceivedCall): boolean {
    if (!this.#ordered) return false;
    const copied = this.#copied.get(call.id) ??
      { call, expected: 0, spare: [], storing: false, endedAtMs: undefined };
    if (copied.storing) return false;
    this.#copied.set(call.id, copied);
    copied.storing = true;
    copied.expected++;
    this.#shared.counts.copied++;
    const how = { attempt: call.attempt, started: true, delayMs: 0 };
    void this.#shared.resends.store(sentAgain(call), how, () => call.receipt !== undefined && !call.settled)
      .then(
        (resent) => {
          const stored = resent === "stored";
          copied.storing = false;
          if (!stored) copied.expected--;
          const { receipt } = call;
          if (receipt === undefined) return this.ended(call);
          if (resent instanceof RpcError) return this.#cannotCopy(call);
          if (!stored) return;
          call.receipt = copied.spare.shift() ?? noReceipt(receipt.delivery);
          receipt.done();
        },
      );
    return true;
  }

  /** No broker takes a copy of it: it holds its queue up until it is done, and is named. */
  #cannotCopy(call: ReceivedCall): void {
    call.stays = true;
    if (this.#copied.get(call.id)?.expected === 0) this.#copied.delete(call.id);
  }
}

/** Whether a call waits in a pack of which others have been running for a while. */
function inPack(call: ReceivedCall, { begunAtMs }: Receipt, nowMs: number): boolean {
  return !call.running && begunAtMs !== undefined && nowMs - begunAtMs >= PACK_HOLD_MS;
}
