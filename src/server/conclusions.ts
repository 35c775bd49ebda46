import type { Result } from "../call/inbound.ts";
import { isRetryable, type Reply } from "../envelope/reply.ts";
import type { Delivery, PlainRequest } from "../transport/transport.ts";
import { letterOf } from "./dead_letters.ts";
import { EXPIRED_ANSWERED_MS } from "./defaults.ts";
import type { LiveCalls } from "./live_calls.ts";
import { deathOf } from "./one_way.ts";
import type { CallStream, ReceivedCall } from "./received_call.ts";
import type { OutgoingReply } from "./replier.ts";
import { replyTo } from "./origin.ts";
import { Retries } from "./retries.ts";
import type { Shared } from "./shared.ts";
import { StoreGate } from "./store_gate.ts";
import { deathOfTried } from "./suspects.ts";

/**
 * What follows the end of a run, in this order: another attempt, or a dead letter where there is none; the outcome is
 * remembered, the reply is sent, the message is settled.
 */
export class Conclusions {
  readonly #live: LiveCalls;
  readonly #shared: Shared;
  readonly retries: Retries;
  /** Set where a store remembers outcomes. */
  readonly gate: StoreGate | undefined;

  constructor(live: LiveCalls, shared: Shared) {
    this.#live = live;
    this.#shared = shared;
    this.retries = new Retries(live, shared, (call, result) => this.finish(call, result));
    this.gate = shared.once &&
      new StoreGate(shared.once, this.retries, (call, reply) => this.answered(call, reply));
  }

  /** A run of the call has ended. */
  conclude(call: ReceivedCall, result: Result): void {
    if (call.stream?.begun) return this.#endStream(call, call.stream, result);
    if (result.ok || !("again" in result)) return this.finish(call, result);
    // Nobody waits for the store: the next call of its key must find it waiting.
    if (call.claimed !== undefined) void this.gate?.release(call);
    this.retries.again(call, result);
  }

  /** The call has its last result. */
  finish(call: ReceivedCall, result: Result): void {
    const dead = deathOf(call, result, this.#shared.counts) ?? deathOfTried(call, result);
    if (dead === undefined) return this.#answer(call, result);
    const reason = `${dead.reason}; attempts: ${dead.attempts}`;
    call.observed?.dead(dead.reason, dead.attempts);
    void this.#shared.deadLetters.store(letterOf(call.facts), reason, () => call.receipt !== undefined)
      .then((stored) => stored ? this.#answer(call, result) : this.gate?.givenUp(call));
  }

  /** The call has its reply, which need not be remembered. */
  answered(call: ReceivedCall, reply: Reply): void {
    const { window, backlog } = this.#live;
    if (call.receipt === undefined) return;
    call.seen.answered(reply);
    call.observed?.answered(reply.ok ? undefined : reply.error);
    if (isRetryable(reply)) window.forget(call.id);
    if (call.kind === "oneway") this.#live.settle(call);
    else this.#send(call, replyTo(call.facts.delivery, reply));
    backlog.ended(call);
  }

  /** A call that had been given up has its result after all. */
  endedLate(call: ReceivedCall, result: Result): void {
    void this.gate?.endedLate(call, result, () => this.#shared.answers.toReply(call.facts, result));
  }

  #answer(call: ReceivedCall, result: Result): void {
    const reply = this.#shared.answers.toReply(call.facts, result);
    if (reply instanceof Promise) void reply.then((late) => this.#remember(call, result, late));
    else this.#remember(call, result, reply);
  }

  #remember(call: ReceivedCall, result: Result, reply: Reply): void {
    if (call.claimed === undefined) return this.answered(call, reply);
    void this.gate?.ended(call, result, reply).then(() => this.answered(call, reply));
  }

  /** A handler has ended whose caller has items of it: there is no other attempt, and its request is settled. */
  #endStream(call: ReceivedCall, stream: CallStream, result: Result): void {
    const reply = this.#shared.answers.toReply(call.facts, result);
    if (reply instanceof Promise) void reply.then((late) => stream.end(late));
    else stream.end(reply);
    this.#live.backlog.ended(call);
  }

  #send(call: ReceivedCall, reply: Reply): void {
    this.#shared.replier.send(new CallReply(call, reply, this.#live, this.#shared));
  }
}

/** The reply of a call on its way out. */
class CallReply implements OutgoingReply {
  readonly reply: Reply;
  readonly #call: ReceivedCall;
  readonly #live: LiveCalls;
  readonly #shared: Shared;

  constructor(call: ReceivedCall, reply: Reply, live: LiveCalls, shared: Shared) {
    this.reply = reply;
    this.#call = call;
    this.#live = live;
    this.#shared = shared;
  }

  get method(): string {
    return this.#call.method;
  }
  get replyTo(): string {
    return this.#call.facts.request.replyTo;
  }
  get plain(): PlainRequest | undefined {
    return this.#call.facts.plain;
  }
  get near(): Delivery {
    return this.#call.facts.delivery;
  }
  get untilMs(): number {
    return this.#call.deadlineMs + EXPIRED_ANSWERED_MS;
  }

  done(sent: boolean): void {
    if (!sent) this.#shared.undelivered.replies++;
    this.#live.settle(this.#call);
  }
}
