import type { Clock } from "../async/clock.ts";
import { createDeferred } from "../async/deferred.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { DRAIN_LIMIT_MS, RECORD_LIMIT_MS } from "./defaults.ts";
import type { LiveCalls } from "./live_calls.ts";
import type { ReceivedCall } from "./received_call.ts";
import type { Retries } from "./retries.ts";
import type { Settlements } from "./settlements.ts";

/** What is under way of a partition. */
export interface UnderWay {
  readonly live: LiveCalls;
  /** Calls whose first items are stored: their messages are settled, and their streams go on. */
  readonly streams: ReadonlySet<ReceivedCall>;
  readonly settlements: Pick<Settlements, "underWay">;
  readonly retries: Pick<Retries, "passOn">;
  readonly clock: Clock;
}

/** How a partition ends at this instance: handed over to the next owner in order, or lost to it. */
export class HandOver {
  readonly #what: UnderWay;
  #begun = false;
  #onQuiet: (() => void) | undefined;

  constructor(what: UnderWay) {
    this.#what = what;
  }

  /** Whether it has begun: nothing of the partition starts, or is settled by force, any more. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Hands over: resolves when no handler is at work, or each was told to stop. */
  async revoke(): Promise<void> {
    this.#begun = true;
    const { live, clock } = this.#what;
    for (const call of [...live.calls]) {
      if (!call.running && !call.settled) this.passOn(call);
    }
    if (this.#quiet) return;
    const { promise, resolve } = createDeferred<void>();
    this.#onQuiet = resolve;
    const records = clock.after(RECORD_LIMIT_MS, () => this.#withdrawUnrecorded());
    const limit = clock.after(DRAIN_LIMIT_MS, () => this.#withdrawAll("The drain limit has passed"));
    await promise;
    records.cancel();
    limit.cancel();
  }

  /** It may be another's by now: aborts everything and settles nothing. */
  lose(reason: string): void {
    this.#begun = true;
    this.#withdrawAll(reason);
  }

  /** A call that does not run is the next owner's. */
  passOn(call: ReceivedCall): void {
    if (!this.#what.retries.passOn(call)) this.#withdraw(call, "The queue was handed over");
  }

  /** Something that was under way is over. */
  ended(): void {
    if (this.#quiet) this.#onQuiet?.();
  }

  /** A start behind a call that was just withdrawn is never recorded: a record covers a prefix of the queue. */
  #withdrawUnrecorded(): void {
    for (const call of [...this.#what.live.calls]) {
      if (call.recording) this.#withdraw(call, "The queue was handed over");
    }
  }

  #withdrawAll(reason: string): void {
    const { live, streams } = this.#what;
    for (const call of [...live.calls, ...streams]) this.#withdraw(call, reason);
    this.#onQuiet?.();
  }

  /** What stands for it in the queue stays as it is: its next owner has to find it. */
  #withdraw(call: ReceivedCall, reason: string): void {
    call.withdraw(new RpcError("unavailable", reason, { outcome: "sent_unknown", callId: call.id }));
    this.#what.live.remove(call);
    this.ended();
  }

  /** Whether nothing of it is under way. */
  get #quiet(): boolean {
    const { live, streams, settlements } = this.#what;
    return live.calls.size === 0 && streams.size === 0 && settlements.underWay === 0;
  }
}
