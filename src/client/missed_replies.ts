import { isRetryable, type Reply } from "../envelope/reply.ts";
import { repliesStored } from "../envelope/stored_reply.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { StoredReply, Transport } from "../transport/transport.ts";
import { MISSED_LOOKUPS_AT_ONCE } from "./defaults.ts";
import type { PendingCall, PendingCalls } from "./pending.ts";

const log = logger("caller");

/**
 * Looks for the replies that passed this instance by while its broker could not push them: each call under way is
 * looked up once whenever the transport says so. Bounded; never rejects. What is not found waits for its deadline.
 */
export class MissedReplies {
  readonly #transport: Pick<Transport, "capabilities" | "storedReplies" | "onMissed">;
  readonly #pending: PendingCalls;
  readonly #closing = new AbortController();
  #looking = false;
  #again = false;
  #found = 0;

  /**
   * Listens from now on.
   *
   * @param also told whenever something may have been missed: for what is no reply
   */
  constructor(
    transport: Pick<Transport, "capabilities" | "storedReplies" | "onMissed">,
    pending: PendingCalls,
    also: () => void = () => {},
  ) {
    this.#transport = transport;
    this.#pending = pending;
    transport.onMissed?.(() => {
      also();
      void this.look();
    });
  }

  /** Calls that were settled by a reply that had to be looked up. */
  get found(): number {
    return this.#found;
  }

  /** Looks no more. */
  close(): void {
    this.#closing.abort();
  }

  /** Looks up all calls under way; while it does, the next look waits. */
  async look(): Promise<void> {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    try {
      while (this.#again && !this.#closing.signal.aborted) {
        this.#again = false;
        await this.#lookOnce();
      }
    } finally {
      this.#looking = false;
    }
  }

  async #lookOnce(): Promise<void> {
    if (!this.#transport.capabilities.storedReplies) return;
    const calls = this.#pending.underWay().values();
    await Promise.all(Array.from({ length: MISSED_LOOKUPS_AT_ONCE }, () => this.#work(calls)));
  }

  async #work(calls: Iterator<PendingCall> & Iterable<PendingCall>): Promise<void> {
    for (const call of calls) {
      if (this.#closing.signal.aborted) return;
      // A pack that was found for another call may have settled it.
      if (this.#pending.has(call.id)) await this.#lookUp(call);
    }
  }

  async #lookUp({ id, queue }: PendingCall): Promise<void> {
    try {
      const near = queue === undefined ? undefined : { queue };
      this.#settle(id, await this.#transport.storedReplies(id, near, { signal: this.#closing.signal }));
    } catch (error) {
      if (!this.#closing.signal.aborted) log.debug(EVENTS.caller.lookUpFailed, { callId: id, error });
    }
  }

  /**
   * Settles the call, and those that its reply travelled with. Refusals count only where nothing else was found: all of
   * them, since the newest may be one that the call has been told of.
   */
  #settle(id: string, stored: readonly StoredReply[]): void {
    const refusals: Reply[] = [];
    for (const candidate of stored) {
      try {
        for (const reply of repliesStored(candidate)) {
          if (!isRetryable(reply)) this.#settleBy(reply);
          else if (reply.id === id) refusals.push(reply);
        }
      } catch (error) {
        log.warn(EVENTS.caller.replyRefused, { error });
      }
    }
    for (const refusal of refusals) this.#settleBy(refusal);
  }

  #settleBy(reply: Reply): void {
    if (this.#pending.has(reply.id) && this.#pending.reply(reply)) this.#found++;
  }
}
