import type { Timer } from "../async/clock.ts";
import type { Result } from "../call/inbound.ts";
import { HEADER } from "../envelope/headers.ts";
import { isRetryable } from "../envelope/reply.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Partition, QueueRef } from "../transport/transport.ts";
import { PULL_AHEAD, SPAN_LIMIT } from "./defaults.ts";
import { isSuspect, isUnmarkedCopy } from "./attempts.ts";
import { Conclusions } from "./conclusions.ts";
import { HandOver } from "./hand_over.ts";
import { type Holder, Holds } from "./holds.ts";
import { Inherited } from "./inherited.ts";
import { LiveCalls } from "./live_calls.ts";
import { observedRequest } from "./observed.ts";
import { openDelivery, type Opened, Unreadable } from "./open.ts";
import { Receipt } from "./receipt.ts";
import { type CallOwner, ReceivedCall } from "./received_call.ts";
import { Settlements } from "./settlements.ts";
import type { Shared } from "./shared.ts";
import { Span } from "./span.ts";
import type { StreamOwner } from "./stream_reply.ts";
import type { SeenCall } from "./window.ts";

/** How far an owned queue is behind. */
export interface QueueBacklog {
  readonly queue: QueueRef;
  /** Messages that are not settled, received or not; `undefined` where the transport cannot tell. */
  readonly lag: number | undefined;
  /** How long ago the oldest call was stored that is here and not settled, in milliseconds; 0 where there is none. */
  readonly ageMs: number;
}

const log = logger("callee");

/**
 * One partition's way from deliveries to mailboxes and back: opens messages, answers what no handler must see,
 * hands calls on in queue order while there is room, and settles a message once all its calls are answered.
 */
export class PartitionIntake implements CallOwner, StreamOwner {
  readonly #partition: Partition;
  readonly #shared: Shared;
  readonly #live: LiveCalls;
  /** Calls whose first items are stored: their messages are settled, and their streams go on. */
  readonly #streams = new Set<ReceivedCall>();
  readonly #span = new Span<Receipt>();
  readonly #conclusions: Conclusions;
  readonly #holds: Holds;
  /** Those that never reach a mailbox: refused, expired, or seen before. */
  readonly #settlements: Settlements;
  /** Whether messages are settled in queue order, by their owner. */
  readonly #ordered: boolean;
  readonly #inherited: Inherited;
  readonly #handOver: HandOver;

  constructor(partition: Partition, shared: Shared) {
    this.#partition = partition;
    this.#shared = shared;
    this.#ordered = shared.parts.transport.capabilities.ownership === "offset";
    this.#inherited = new Inherited(this.#ordered ? this.nowMs() : undefined, shared.receiver.brokerClock);
    this.#live = new LiveCalls(shared.deliver, shared.parts.clock, {
      open: () => !this.#closed,
      pumped: () => this.#ask(),
      // Its next attempt is the next owner's: the hand-over does not wait for it.
      waits: (call) => this.#closed && this.#handOver.passOn(call),
      gone: (call) => this.#gone(call),
    });
    this.#conclusions = new Conclusions(this.#live, shared);
    this.#holds = new Holds(this.#live, shared, this.#span, this.#conclusions.retries);
    this.#settlements = new Settlements(shared, () => !this.#closed, () => this.#handOver.ended());
    this.#handOver = new HandOver({
      live: this.#live,
      streams: this.#streams,
      settlements: this.#settlements,
      retries: this.#conclusions.retries,
      clock: shared.parts.clock,
    });
    partition.demand(PULL_AHEAD);
  }

  get #closed(): boolean {
    return this.#handOver.begun;
  }

  nowMs(): number {
    return this.#shared.parts.clock.now();
  }

  held(): boolean {
    return !this.#closed && this.#partition.held();
  }

  lost(): boolean {
    return this.#partition.lost();
  }

  after(ms: number, callback: () => void): Timer {
    return this.#shared.parts.wheel.schedule(Math.max(0, ms), callback);
  }

  /** Takes one message, in queue order. */
  deliver(delivery: Delivery): void {
    // What has reached an instance that stood still is another's by now, whether it has been told or not.
    if (this.#closed || this.#partition.lost()) return;
    const now = this.#live.window.age();
    if (delivery.message.headers.get(HEADER.kind) === "cancel") {
      return this.#settlements.cancel(this.#received(delivery, 1, now), (callId) => this.cancel(callId));
    }
    let opened: readonly (Opened | Unreadable)[];
    try {
      opened = openDelivery(delivery, this.#shared.contract);
    } catch (error) {
      return this.#settlements.foreign(this.#received(delivery, 1, now), error);
    }
    const receipt = this.#received(delivery, opened.length, now);
    this.#shared.plan.age();
    const nowMs = this.nowMs();
    for (const one of opened) {
      if (one instanceof Unreadable) this.#settlements.unreadable(one, receipt);
      else this.#accept(one, receipt, nowMs);
    }
    this.pump();
  }

  /** Ends the call of that id as its caller asks; `false` when none came through this partition. */
  cancel(callId: string): boolean {
    const seen = this.#live.window.seen(callId);
    if (seen === undefined) return false;
    // The message that it will be run from is still to come.
    if (seen.moving) this.#shared.cancels.remember(callId);
    if (seen.call?.cancel()) {
      this.#shared.counts.cancelled++;
      log.debug(EVENTS.callee.cancelled, { callId });
    }
    return true;
  }

  /** A mailbox has room: hands on what waits. */
  pump(): void {
    this.#live.backlog.pump();
  }

  /**
   * Lets go of what has held its queue or its pack for too long.
   *
   * @param nowMs the clock's monotonic time
   * @returns whether there is anything to look at again
   */
  sweep(nowMs: number): boolean {
    if (this.#closed) return false;
    this.#holds.sweep(nowMs);
    return this.#live.calls.size > 0;
  }

  /** The calls that hold the queue up and cannot be let go. */
  get holders(): readonly Holder[] {
    return this.#holds.holders(this.#shared.parts.clock.monotonic());
  }

  /** Hands the partition over: starts nothing more, and resolves when no handler of it is at work, or was told to stop. */
  revoke(): Promise<void> {
    this.#partition.demand(0);
    return this.#handOver.revoke();
  }

  /** The partition may be another's by now: aborts everything and settles nothing. */
  lose(reason: string): void {
    this.#handOver.lose(reason);
  }

  /** How far the queue is behind: what is known of it. */
  get backlog(): QueueBacklog {
    const { queue } = this.#partition;
    const storedAtMs = this.#live.calls.first?.facts.delivery.storedAtMs;
    const ageMs = storedAtMs === undefined
      ? 0
      : this.#shared.receiver.brokerClock.age(storedAtMs, this.nowMs());
    return { queue, lag: this.#partition.lag?.(), ageMs };
  }

  /** Calls that were received and are not settled. */
  get unsettled(): number {
    return this.#live.calls.size;
  }

  mayStart(call: ReceivedCall): boolean {
    return this.#live.backlog.mayStart(call);
  }

  admit(call: ReceivedCall, recorded: Promise<void> | undefined): Promise<void> | undefined {
    // What a stream has given is not kept, so that no store could give it again.
    return call.stream === undefined ? this.#conclusions.gate?.admit(call, recorded) : recorded;
  }

  conclude(call: ReceivedCall, result: Result): void {
    this.#conclusions.conclude(call, result);
    if (call.settled) this.#live.backlog.concluded(call);
  }

  streamStored(call: ReceivedCall): void {
    if (call.receipt === undefined) return;
    this.#streams.add(call);
    call.seen.streaming();
    this.#live.settle(call);
  }

  streamOver(call: ReceivedCall): void {
    call.seen.streamed();
    this.#streams.delete(call);
    // Nothing of it could be stored, and nobody waits any more.
    this.#live.settle(call);
    this.#handOver.ended();
  }

  endedLate(call: ReceivedCall, result: Result): void {
    this.#conclusions.endedLate(call, result);
  }

  /** @param now this machine's clock when the message came: its claim looks again whether there is time for a call */
  #accept(opened: Opened, receipt: Receipt, now: number): void {
    const { request } = opened;
    const { delivery } = receipt;
    const { receiver, counts, plan, cancels } = this.#shared;
    if (request.started && this.#holds.take(request.id, receipt)) return;
    const deadlineMs = receiver.deadline(request, delivery, now);
    const suspect = isSuspect(request, delivery);
    if (now >= deadlineMs && !(suspect && receiver.runsOnce(delivery.message.tag))) {
      return this.#settlements.expire(opened, receipt, now, deadlineMs);
    }
    const seen = this.#live.window.seen(request.id);
    if (seen !== undefined) {
      counts.duplicates++;
      return this.#join(seen, opened, receipt, deadlineMs);
    }
    const refusal = request.credit && this.#shared.streams.refusal;
    if (refusal !== undefined) return this.#settlements.refuse(opened, receipt, refusal, deadlineMs);
    const received = receiver.receive(opened, delivery, deadlineMs, now);
    if (received.kind === "refused") {
      return this.#settlements.refuse(opened, receipt, received.error, deadlineMs);
    }
    const { facts } = received;
    const call = new ReceivedCall(facts, this.#live.window.enter(request.id), this);
    call.seen.call = call;
    this.#observe(call, receipt, now);
    if (request.credit !== undefined) {
      call.stream = this.#shared.streams.open(call, request.credit, this);
    }
    this.#live.add(call, receipt);
    const checked = received.kind === "checking" ? received.checked : undefined;
    const elsewhere = facts.key !== undefined &&
      !plan.holds(this.#partition.queue, facts.method, facts.key, request.plan);
    const inherited = this.#inherited.holds(delivery, now);
    if (elsewhere || checked !== undefined || suspect || inherited) {
      void this.#prepare(call, checked, inherited);
    }
    if (cancels.take(request.id)) this.cancel(request.id);
  }

  /** Has somebody follow the call, where anybody does. */
  #observe(call: ReceivedCall, { calls }: Receipt, now: number): void {
    const { contract, parts: { observer }, receiver: { brokerClock } } = this.#shared;
    if (observer === undefined) return;
    const { request, delivery } = call.facts;
    const storedAtMs = brokerClock.toLocal(delivery.storedAtMs, now);
    call.observed = observer.received(observedRequest(contract, request, delivery, calls, storedAtMs));
  }

  /**
   * A duplicate. What the first has for an answer is its answer, too, and is not sent twice to the same address. But a
   * refusal is of one message only: the caller has heard that of the first, perhaps, and waits for what becomes of
   * this one. Where messages are settled one by one, it may be the first one's own message, delivered again.
   */
  #join(seen: SeenCall, opened: Opened, receipt: Receipt, deadlineMs: number): void {
    const { call, reply, moving } = seen;
    const sameAnswer = call?.facts.request.replyTo === opened.request.replyTo;
    // It runs with the first: starts behind it need not wait for one of its own.
    if (reply === undefined && !moving) void receipt.delivery.started();
    const shared = this.#ordered && reply === undefined && !moving && sameAnswer;
    seen.join((late) => {
      if (shared && late !== undefined && !isRetryable(late)) receipt.done();
      else this.#settlements.answer(opened, receipt, late, deadlineMs);
    }, () => {
      if (this.#closed) return;
      this.#accept(opened, receipt, this.nowMs());
      this.pump();
    });
  }

  /** Holds the queue up while it is found out what becomes of the call. */
  async #prepare(
    call: ReceivedCall,
    checked: Promise<RpcError | undefined> | undefined,
    inherited: boolean,
  ): Promise<void> {
    call.ready = false;
    const { queue } = this.#partition;
    const found = await this.#shared.preparation.prepare(call.facts, queue, checked, inherited);
    if (call.receipt === undefined || this.lost()) return;
    call.ready = true;
    switch (found.kind) {
      case "ready":
        call.alone = found.alone;
        // Its own mark would be taken for that of the one who made the copy: the next message starts without one.
        if (isUnmarkedCopy(call.facts)) this.#conclusions.retries.replace(call);
        break;
      case "ended":
        call.settle(found.result);
        break;
      case "answered":
        this.#shared.counts.foundAgain++;
        call.letGo();
        this.#conclusions.answered(call, found.reply);
        break;
      case "sent on":
        call.letGo();
        call.observed?.again(0, found.kind);
        this.#live.window.forget(call.id);
        call.seen.sentOn();
        this.#live.settle(call);
    }
    this.pump();
  }

  #gone(call: ReceivedCall): void {
    this.#holds.ended(call);
    this.#handOver.ended();
  }

  #received(delivery: Delivery, calls: number, nowMs: number): Receipt {
    const receipt: Receipt = new Receipt(delivery, calls, () => {
      this.#span.settled(receipt);
      this.#ask();
    }, nowMs);
    this.#span.add(receipt);
    return receipt;
  }

  #ask(): void {
    if (this.#closed) return;
    const room = this.#live.backlog.empty ? PULL_AHEAD : 0;
    const taken = this.#ordered ? this.#span.width : this.#span.open;
    this.#partition.demand(Math.max(0, Math.min(room, SPAN_LIMIT - taken)));
  }
}
