import type { Timer } from "../async/clock.ts";
import type { Result } from "../call/inbound.ts";
import { createDeferred } from "../async/deferred.ts";
import { HEADER } from "../envelope/headers.ts";
import type { Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Partition } from "../transport/transport.ts";
import { DRAIN_LIMIT_MS, EXPIRED_ANSWERED_MS, PULL_AHEAD, RECORD_LIMIT_MS, SPAN_LIMIT } from "./defaults.ts";
import { letterOf } from "./dead_letters.ts";
import { deathOf } from "./one_way.ts";
import { openDelivery, type Opened, Unreadable } from "./open.ts";
import { Receipt } from "./receipt.ts";
import { type CallOwner, ReceivedCall } from "./received_call.ts";
import { Settlements } from "./settlements.ts";
import type { Shared } from "./shared.ts";
import { DuplicateWindow, isRetryable } from "./window.ts";

const log = logger("callee");

/**
 * One partition's way from deliveries to mailboxes and back: opens messages, answers what no handler must see,
 * hands calls on in queue order while there is room, and settles a message once all its calls are answered.
 */
export class PartitionIntake implements CallOwner {
  readonly #partition: Partition;
  readonly #shared: Shared;
  readonly #window: DuplicateWindow;
  /** Calls that wait for room in their mailbox, in queue order. */
  #backlog: ReceivedCall[] = [];
  #head = 0;
  #pumping = false;
  /** Calls whose message is not settled for them: waiting, in a mailbox, running, or their reply on its way. */
  readonly #live = new Map<ReceivedCall, Receipt>();
  /** Calls handed to a mailbox that have no result yet. */
  #atWork = 0;
  #alone: ReceivedCall | undefined;
  #unsettledMessages = 0;
  /** Those that never reach a mailbox: refused, expired, or seen before. */
  readonly #settlements: Settlements;
  #closed = false;
  #onQuiet: (() => void) | undefined;

  constructor(partition: Partition, shared: Shared) {
    this.#partition = partition;
    this.#shared = shared;
    this.#window = new DuplicateWindow(shared.parts.clock);
    this.#settlements = new Settlements(shared, () => !this.#closed, () => this.#quiet && this.#onQuiet?.());
    partition.demand(PULL_AHEAD);
  }

  nowMs(): number {
    return this.#shared.parts.clock.now();
  }

  held(): boolean {
    return !this.#closed && this.#partition.held();
  }

  after(ms: number, callback: () => void): Timer {
    return this.#shared.parts.wheel.schedule(Math.max(0, ms), callback);
  }

  /** Takes one message, in queue order. */
  deliver(delivery: Delivery): void {
    if (this.#closed) return;
    this.#unsettledMessages++;
    const onSettled = () => {
      this.#unsettledMessages--;
      this.#ask();
    };
    if (delivery.message.headers.get(HEADER.kind) === "cancel") {
      return this.#settlements.cancel(new Receipt(delivery, 1, onSettled), (callId) => this.cancel(callId));
    }
    let opened: readonly (Opened | Unreadable)[];
    try {
      opened = openDelivery(delivery, this.#shared.contract);
    } catch (error) {
      return this.#settlements.foreign(new Receipt(delivery, 1, onSettled), error);
    }
    const receipt = new Receipt(delivery, opened.length, onSettled);
    this.#window.age();
    this.#shared.plan.age();
    for (const one of opened) {
      if (one instanceof Unreadable) this.#settlements.unreadable(one, receipt);
      else this.#accept(one, receipt);
    }
    this.pump();
  }

  /** Ends the call of that id as its caller asks; `false` when none came through this partition. */
  cancel(callId: string): boolean {
    const seen = this.#window.seen(callId);
    if (seen === undefined) return false;
    if (seen.call?.cancel()) {
      this.#shared.counts.cancelled++;
      log.debug(EVENTS.callee.cancelled, { callId });
    }
    return true;
  }

  /** Hands calls on as long as mailboxes have room. Called again whenever one has. */
  pump(): void {
    // A handler that answers at once comes back here from within: the loop that is running goes on.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#head < this.#backlog.length && !this.#closed) {
      const next = this.#backlog[this.#head];
      if (next === undefined || !next.ready || this.#alone !== undefined) break;
      if (!next.settled) {
        if (next.alone && this.#atWork > 0) break;
        if (next.alone) this.#alone = next;
        this.#atWork++;
        next.handedOn = true;
        if (!this.#shared.deliver(next)) {
          next.handedOn = false;
          this.#atWork--;
          this.#alone = undefined;
          break;
        }
      }
      this.#head++;
    }
    this.#pumping = false;
    if (this.#head === this.#backlog.length) {
      this.#backlog = [];
      this.#head = 0;
    }
    this.#ask();
  }

  /** Hands the partition over: starts nothing more, and resolves when no handler of it is at work, or was told to stop. */
  async revoke(): Promise<void> {
    this.#closed = true;
    this.#partition.demand(0);
    for (const call of [...this.#live.keys()]) {
      if (!call.running && !call.settled) this.#withdraw(call, "The queue was handed over");
    }
    if (this.#quiet) return;
    const { promise, resolve } = createDeferred<void>();
    this.#onQuiet = resolve;
    const { clock } = this.#shared.parts;
    const records = clock.after(RECORD_LIMIT_MS, () => this.#withdrawUnrecorded());
    const limit = clock.after(DRAIN_LIMIT_MS, () => this.#withdrawAll("The drain limit has passed"));
    await promise;
    records.cancel();
    limit.cancel();
  }

  /** The partition may be another's by now: aborts everything and settles nothing. */
  lose(reason: string): void {
    this.#closed = true;
    this.#withdrawAll(reason);
  }

  /** Calls that were received and are not settled. */
  get unsettled(): number {
    return this.#live.size;
  }

  conclude(call: ReceivedCall, result: Result, handedOn: boolean): void {
    const dead = deathOf(call, result, this.#shared.counts);
    if (dead === undefined) return this.#answer(call, result, handedOn);
    const reason = `${dead.reason}; attempts: ${dead.attempts}`;
    void this.#shared.deadLetters.store(letterOf(call.facts), reason, () => this.#live.has(call))
      .then((stored) => stored && this.#answer(call, result, handedOn));
  }

  #answer(call: ReceivedCall, result: Result, handedOn: boolean): void {
    const reply = this.#shared.answers.toReply(call.facts, result);
    if (reply instanceof Promise) void reply.then((late) => this.#conclude(call, late, handedOn));
    else this.#conclude(call, reply, handedOn);
  }

  #conclude(call: ReceivedCall, reply: Reply, handedOn: boolean): void {
    const receipt = this.#live.get(call);
    if (receipt === undefined) return;
    call.seen.answered(reply);
    if (isRetryable(reply)) this.#window.forget(call.id);
    if (call.kind === "oneway") this.#settled(call, receipt);
    else this.#send(call, receipt, reply);
    if (handedOn) this.#atWork--;
    if (this.#alone === call) this.#alone = undefined;
    if (this.#head < this.#backlog.length) this.pump();
  }

  #accept(opened: Opened, receipt: Receipt): void {
    const { request } = opened;
    const { delivery } = receipt;
    const { receiver, counts, plan, cancels } = this.#shared;
    const now = this.nowMs();
    const deadlineMs = receiver.deadline(request, delivery, now);
    if (now >= deadlineMs) return this.#settlements.expire(opened, receipt, now, deadlineMs);
    const seen = this.#window.seen(request.id);
    if (seen !== undefined) {
      counts.duplicates++;
      return seen.join((reply) => this.#settlements.answer(opened, receipt, reply, deadlineMs));
    }
    const received = receiver.receive(opened, delivery, deadlineMs, now);
    if (received.kind === "refused") {
      return this.#settlements.refuse(opened, receipt, received.error, deadlineMs);
    }
    const { facts } = received;
    const call = new ReceivedCall(facts, this.#window.enter(request.id), this);
    call.seen.call = call;
    this.#live.set(call, receipt);
    this.#backlog.push(call);
    const checked = received.kind === "checking" ? received.checked : undefined;
    const elsewhere = facts.key !== undefined &&
      !plan.holds(this.#partition.queue, facts.method, facts.key);
    if (elsewhere || checked !== undefined || delivery.starts > 0) void this.#prepare(call, checked);
    if (cancels.take(request.id)) this.cancel(request.id);
  }

  /** Holds the queue up while it is found out what becomes of the call. */
  async #prepare(call: ReceivedCall, checked: Promise<RpcError | undefined> | undefined): Promise<void> {
    call.ready = false;
    const found = await this.#shared.preparation.prepare(call.facts, this.#partition.queue, checked);
    const receipt = this.#live.get(call);
    if (receipt === undefined) return;
    if (found.kind === "ready") call.alone = found.alone;
    else if (found.kind === "ended") call.settle(found.result);
    else call.settled = true;
    if (found.kind === "answered") {
      this.#shared.counts.foundAgain++;
      this.#conclude(call, found.reply, false);
    } else if (found.kind === "sent on") {
      this.#window.forget(call.id);
      call.seen.sentOn();
      this.#settled(call, receipt);
    }
    call.ready = true;
    this.pump();
  }

  #send(call: ReceivedCall, receipt: Receipt, reply: Reply): void {
    const { request, plain, delivery, method, deadlineMs } = call.facts;
    this.#shared.replier.send({
      reply,
      method,
      replyTo: request.replyTo,
      plain,
      near: delivery,
      untilMs: deadlineMs + EXPIRED_ANSWERED_MS,
      done: () => this.#settled(call, receipt),
    });
  }

  /** Nothing is left to do for the call: its message can be settled for it. */
  #settled(call: ReceivedCall, receipt: Receipt): void {
    receipt.done();
    this.#live.delete(call);
    if (this.#quiet) this.#onQuiet?.();
  }

  /** A start behind a call that was just withdrawn is never recorded: a record covers a prefix of the queue. */
  #withdrawUnrecorded(): void {
    for (const call of [...this.#live.keys()]) {
      if (call.recording) this.#withdraw(call, "The queue was handed over");
    }
  }

  #withdrawAll(reason: string): void {
    for (const call of [...this.#live.keys()]) this.#withdraw(call, reason);
    this.#onQuiet?.();
  }

  #withdraw(call: ReceivedCall, reason: string): void {
    call.withdraw(new RpcError("unavailable", reason, { outcome: "sent_unknown", callId: call.id }));
    this.#live.delete(call);
    if (this.#quiet) this.#onQuiet?.();
  }

  /** Whether nothing of it is under way. */
  get #quiet(): boolean {
    return this.#live.size === 0 && this.#settlements.underWay === 0;
  }

  #ask(): void {
    if (this.#closed) return;
    const room = this.#backlog.length === 0 ? PULL_AHEAD : 0;
    this.#partition.demand(Math.max(0, Math.min(room, SPAN_LIMIT - this.#unsettledMessages)));
  }
}
