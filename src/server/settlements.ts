import { CALL_TIMEOUT_MS } from "../call/defaults.ts";
import { readCancel } from "../envelope/cancel.ts";
import type { Reply } from "../envelope/reply.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import { type DeadLetter, letterOf } from "./dead_letters.ts";
import { EXPIRED_ANSWERED_MS } from "./defaults.ts";
import { observedRequest } from "./observed.ts";
import type { Opened, Unreadable } from "./open.ts";
import { replyTo } from "./origin.ts";
import type { Receipt } from "./receipt.ts";
import { expired } from "./call_errors.ts";
import { ranBefore } from "./ran_before.ts";
import type { Shared } from "./shared.ts";

const log = logger("callee");

/**
 * Settles the requests of one partition that no mailbox gets: expired, seen before, refused, unreadable. Each is
 * answered where somebody waits, and is a dead letter where nobody would learn of it.
 */
export class Settlements {
  readonly #shared: Shared;
  readonly #open: () => boolean;
  readonly #onIdle: () => void;
  #underWay = 0;

  /**
   * @param open whether the partition is still this instance's to settle
   * @param onIdle told when the last answer or dead letter under way is stored
   */
  constructor(shared: Shared, open: () => boolean, onIdle: () => void) {
    this.#shared = shared;
    this.#open = open;
    this.#onIdle = onIdle;
  }

  /** Answers and dead letters on their way. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Sends a reply, or settles without one: where nobody waits, and where another queue answers. */
  answer({ request, plain }: Opened, receipt: Receipt, reply: Reply | undefined, deadlineMs: number): void {
    if (reply === undefined || request.kind === "oneway") return receipt.done();
    this.#underWay++;
    this.#shared.replier.send({
      reply: replyTo(receipt.delivery, reply),
      method: receipt.delivery.message.tag,
      replyTo: request.replyTo,
      plain,
      near: receipt.delivery,
      untilMs: deadlineMs + EXPIRED_ANSWERED_MS,
      done: (sent) => this.#replied(receipt, sent),
    });
  }

  /** Nobody waits for a call that expired a while ago, and a backlog of them must not flood the reply path. */
  expire(opened: Opened, receipt: Receipt, nowMs: number, deadlineMs: number): void {
    const { request: { id, kind } } = opened;
    this.#observe(opened, receipt, expired());
    if (kind === "oneway" || nowMs - deadlineMs >= EXPIRED_ANSWERED_MS) {
      this.#shared.counts.expiredUnanswered++;
      log.debug(EVENTS.callee.expired, { callId: id, method: receipt.delivery.message.tag });
      return receipt.done();
    }
    const ran = ranBefore(receipt.delivery, opened.request);
    this.answer(opened, receipt, { id, ok: false, error: expired(), ran }, deadlineMs);
  }

  /** Answers what no handler must see. */
  refuse(opened: Opened, receipt: Receipt, error: RpcError, deadlineMs: number): void {
    const { request } = opened;
    const { delivery } = receipt;
    this.#shared.counts.refused++;
    this.#observe(opened, receipt, error);
    log.debug(EVENTS.callee.refused, { callId: request.id, method: delivery.message.tag, error });
    if (request.kind === "request") {
      const reply: Reply = { id: request.id, ok: false, error, ran: ranBefore(delivery, request) };
      return this.answer(opened, receipt, reply, deadlineMs);
    }
    this.#shared.counts.onewayDeadLetters++;
    const letter = letterOf({ request, method: delivery.message.tag, delivery });
    this.#bury(letter, `${error.code}: ${error.message}`, receipt);
  }

  /** Answers a request whose headers are wrong as far as they can be read. */
  unreadable({ error, id, replyTo, headers, body }: Unreadable, receipt: Receipt): void {
    const { delivery } = receipt;
    this.#refused(receipt, error);
    if (id === undefined || replyTo === undefined) {
      const { tag, keys } = delivery.message;
      return this.#bury(
        { id: id ?? keys[0] ?? "unknown", tag, headers, body, delivery },
        error.message,
        receipt,
      );
    }
    this.#underWay++;
    this.#shared.replier.send({
      reply: { id, ok: false, error, ran: ranBefore(delivery) },
      method: delivery.message.tag,
      replyTo,
      plain: undefined,
      near: delivery,
      untilMs: this.#shared.parts.clock.now() + CALL_TIMEOUT_MS,
      done: (sent) => this.#replied(receipt, sent),
    });
  }

  /** Handles a cancel that was stored behind its call. It is no more than a hint, and so never a dead letter. */
  cancel(receipt: Receipt, end: (callId: string) => boolean): void {
    const callId = readCancel(receipt.delivery.message.headers);
    if (callId === undefined) {
      this.#refused(receipt, new TypeError("It cancels a call and does not say which"));
    } else if (!end(callId)) {
      this.#shared.counts.unknownCancels++;
      log.debug(EVENTS.callee.unknownCancel, { callId });
      this.#shared.cancels.remember(callId);
    }
    receipt.done();
  }

  /** Keeps a message that is none of ours for operators: nobody can be answered, and nothing may vanish. */
  foreign(receipt: Receipt, error: unknown): void {
    const { delivery } = receipt;
    const { tag, keys, headers, body } = delivery.message;
    this.#refused(receipt, error);
    const reason = error instanceof Error ? error.message : String(error);
    this.#bury({ id: keys[0] ?? "unknown", tag, headers, body, delivery }, reason, receipt);
  }

  #observe({ request }: Opened, { calls, delivery }: Receipt, error: RpcError): void {
    const { contract, parts: { clock, observer }, receiver: { brokerClock } } = this.#shared;
    if (observer === undefined) return;
    const storedAtMs = brokerClock.toLocal(delivery.storedAtMs, clock.now());
    observer.refused(observedRequest(contract, request, delivery, calls, storedAtMs), error);
  }

  #refused({ delivery: { offset, queue } }: Receipt, error: unknown): void {
    this.#shared.counts.refused++;
    log.warn(EVENTS.callee.envelopeRefused, { offset, queue: `${queue.broker}/${queue.id}`, error });
  }

  #bury(letter: DeadLetter, reason: string, receipt: Receipt): void {
    this.#underWay++;
    void this.#shared.deadLetters.store(letter, reason, this.#open).then((stored) => {
      if (stored) this.#done(receipt);
      else this.#left();
    });
  }

  #replied(receipt: Receipt, sent: boolean): void {
    if (!sent) this.#shared.undelivered.replies++;
    this.#done(receipt);
  }

  #done(receipt: Receipt): void {
    receipt.done();
    this.#left();
  }

  #left(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#onIdle();
  }
}
