import type { Timer } from "../async/clock.ts";
import type { Result } from "../call/inbound.ts";
import { createDeferred } from "../async/deferred.ts";
import { requestHeaders } from "../envelope/request.ts";
import type { Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Partition } from "../transport/transport.ts";
import { DRAIN_LIMIT_MS, EXPIRED_ANSWERED_MS, PULL_AHEAD, RECORD_LIMIT_MS, SPAN_LIMIT } from "./defaults.ts";
import { openDelivery, type Opened } from "./open.ts";
import { Receipt } from "./receipt.ts";
import { type CallOwner, expired, ReceivedCall } from "./received_call.ts";
import type { Shared } from "./shared.ts";
import { deadAnswer } from "./suspects.ts";
import { DuplicateWindow } from "./window.ts";

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
  /** Replies on their way to calls that never reached a mailbox: refused, expired, or seen before. */
  #answering = 0;
  #closed = false;
  #onQuiet: (() => void) | undefined;

  constructor(partition: Partition, shared: Shared) {
    this.#partition = partition;
    this.#shared = shared;
    this.#window = new DuplicateWindow(shared.parts.clock);
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
    let opened: readonly Opened[];
    try {
      opened = openDelivery(delivery, this.#shared.parts.codec.contentType);
    } catch (error) {
      return this.#refuse(new Receipt(delivery, 1, onSettled), error);
    }
    const receipt = new Receipt(delivery, opened.length, onSettled);
    this.#window.age();
    for (const one of opened) this.#accept(one, receipt);
    this.pump();
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
    if (result.ok || !("dead" in result)) return this.#answer(call, result, handedOn);
    const { facts } = call;
    const letter = {
      id: facts.request.id,
      tag: facts.method,
      headers: requestHeaders(facts.request),
      body: facts.request.body,
      delivery: facts.delivery,
    };
    const reason = `${result.dead.reason}; attempts: ${result.dead.attempts}`;
    void this.#shared.deadLetters.store(letter, reason, () => this.#live.has(call))
      .then((stored) => stored && this.#answer(call, result, handedOn));
  }

  #answer(call: ReceivedCall, result: Result, handedOn: boolean): void {
    const { maxBodyBytes } = this.#shared.parts.transport.capabilities;
    this.#conclude(call, this.#shared.receiver.toReply(call.id, result, maxBodyBytes), handedOn);
  }

  #conclude(call: ReceivedCall, reply: Reply, handedOn: boolean): void {
    const receipt = this.#live.get(call);
    if (receipt === undefined) return;
    call.seen.answered(reply);
    this.#send(call.facts, receipt, reply, call.facts.deadlineMs, call);
    if (handedOn) this.#atWork--;
    if (this.#alone === call) this.#alone = undefined;
    if (this.#head < this.#backlog.length) this.pump();
  }

  #accept(opened: Opened, receipt: Receipt): void {
    const { request } = opened;
    const now = this.nowMs();
    const deadlineMs = this.#shared.receiver.deadline(request, receipt.delivery, now);
    if (now >= deadlineMs) return this.#expire(opened, receipt, now, deadlineMs);
    const seen = this.#window.seen(request.id);
    if (seen !== undefined) {
      this.#shared.counts.duplicates++;
      return seen.join((reply) => this.#send(opened, receipt, reply, deadlineMs));
    }
    const received = this.#shared.receiver.receive(opened, receipt.delivery, deadlineMs);
    if (received.kind === "refused") {
      const reply: Reply = { id: request.id, ok: false, error: received.error, ran: "no" };
      return this.#send(opened, receipt, reply, deadlineMs);
    }
    const call = new ReceivedCall(received.facts, this.#window.enter(request.id), this);
    this.#live.set(call, receipt);
    this.#backlog.push(call);
    if (receipt.delivery.starts > 0) void this.#judge(call);
  }

  async #judge(call: ReceivedCall): Promise<void> {
    call.ready = false;
    const verdict = await this.#shared.suspects.judge(call.facts);
    if (!this.#live.has(call)) return;
    if (verdict.kind === "answered") {
      this.#shared.counts.foundAgain++;
      call.settled = true;
      this.#conclude(call, verdict.reply, false);
    } else if (verdict.kind === "dead") {
      const dead = { reason: verdict.reason, attempts: call.facts.delivery.starts };
      call.settle({ ok: false, error: deadAnswer(verdict.reason), ran: "maybe", dead });
    } else {
      call.alone = verdict.alone;
    }
    call.ready = true;
    this.pump();
  }

  /** Nobody waits for a call that expired a while ago, and a backlog of them must not flood the reply path. */
  #expire(opened: Opened, receipt: Receipt, now: number, deadlineMs: number): void {
    if (now - deadlineMs >= EXPIRED_ANSWERED_MS) {
      this.#shared.counts.expiredUnanswered++;
      return receipt.done();
    }
    const reply: Reply = { id: opened.request.id, ok: false, error: expired(), ran: "no" };
    this.#send(opened, receipt, reply, deadlineMs);
  }

  #send(
    { request, plain }: Opened,
    receipt: Receipt,
    reply: Reply,
    deadlineMs: number,
    call?: ReceivedCall,
  ): void {
    this.#shared.replier.send({
      reply,
      method: receipt.delivery.message.tag,
      replyTo: request.replyTo,
      plain,
      near: receipt.delivery,
      untilMs: deadlineMs + EXPIRED_ANSWERED_MS,
      done: () => {
        receipt.done();
        if (call !== undefined) this.#live.delete(call);
        else this.#answering--;
        if (this.#quiet) this.#onQuiet?.();
      },
    });
    if (call === undefined) this.#answering++;
  }

  /** What cannot be read is kept for operators: nobody can be answered, and nothing may vanish. */
  #refuse(receipt: Receipt, error: unknown): void {
    const { message, offset, queue } = receipt.delivery;
    log.warn(EVENTS.callee.envelopeRefused, { offset, queue: `${queue.broker}/${queue.id}`, error });
    const reason = error instanceof Error ? error.message : String(error);
    const id = message.keys[0] ?? "unknown";
    const letter = {
      id,
      tag: message.tag,
      headers: message.headers,
      body: message.body,
      delivery: receipt.delivery,
    };
    void this.#shared.deadLetters.store(letter, reason, () => !this.#closed).then((stored) =>
      stored && receipt.done()
    );
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
    return this.#live.size === 0 && this.#answering === 0;
  }

  #ask(): void {
    if (this.#closed) return;
    const room = this.#backlog.length === 0 ? PULL_AHEAD : 0;
    this.#partition.demand(Math.max(0, Math.min(room, SPAN_LIMIT - this.#unsettledMessages)));
  }
}
