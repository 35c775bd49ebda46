import type { Result } from "../call/inbound.ts";
import { travelling } from "../envelope/body.ts";
import { HEADER } from "../envelope/headers.ts";
import type { Reply } from "../envelope/reply.ts";
import { requestHeaders } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import { originOf } from "./origin.ts";
import type { Message, QueueRef } from "../transport/transport.ts";
import { isSuspect, startsBefore } from "./attempts.ts";
import type { CallFacts } from "./call_facts.ts";
import { ranBefore } from "./ran_before.ts";
import type { Shared } from "./shared.ts";
import { deadAnswer } from "./suspects.ts";

/** What becomes of a call that had to be looked into. */
export type Prepared =
  /** It may be handed on; alone where it may be what kills the process. */
  | { readonly kind: "ready"; readonly alone: boolean }
  /** Its reply is on the broker: send that again. */
  | { readonly kind: "answered"; readonly reply: Reply }
  /** It ends without a handler. */
  | { readonly kind: "ended"; readonly result: Result }
  /** Another queue has it now, and answers. */
  | { readonly kind: "sent on" };

/** What a plain TTL is at least: below it, requesters' seconds are meant. Milliseconds. */
const LEAST_TTL_MS = 1_000;

const log = logger("callee");

/**
 * Looks into the calls that may not be handed on as they come: suspects, those whose schema takes its time, and those
 * whose key belongs to another queue. Everything it waits for is bounded.
 */
export class Preparation {
  readonly #shared: Pick<Shared, "suspects" | "plan" | "parts" | "counts">;

  constructor(shared: Pick<Shared, "suspects" | "plan" | "parts" | "counts">) {
    this.#shared = shared;
  }

  /**
   * Finds out what becomes of a call. Never rejects.
   *
   * @param facts the call; complete once `checked` has resolved
   * @param queue where it came from
   * @param checked the verdict of its schema, where that takes its time
   * @param inherited whether an earlier owner may have answered it
   */
  async prepare(
    facts: CallFacts,
    queue: QueueRef,
    checked: Promise<RpcError | undefined> | undefined,
    inherited: boolean,
  ): Promise<Prepared> {
    let alone = false;
    if (isSuspect(facts.request, facts.delivery)) {
      const verdict = await this.#shared.suspects.judge(facts);
      if (verdict.kind === "answered") return verdict;
      if (verdict.kind === "refused") return this.#refused(facts, verdict.error);
      if (verdict.kind === "dead") return this.#dead(facts, verdict.reason);
      alone = verdict.alone;
    } else if (inherited) {
      const reply = await this.#shared.suspects.answerOf(facts);
      if (reply !== undefined) return { kind: "answered", reply };
    }
    const refusal = await checked ?? await this.#place(facts, queue);
    if (refusal === "sent on") return { kind: refusal };
    return refusal === undefined ? { kind: "ready", alone } : this.#refused(facts, refusal);
  }

  /** Makes sure that a call with a key runs on its key's queue only. */
  async #place(facts: CallFacts, queue: QueueRef): Promise<RpcError | "sent on" | undefined> {
    const { plan } = this.#shared;
    const { key, method, plain, delivery, request } = facts;
    if (key === undefined || plan.holds(queue, method, key, request.plan)) return undefined;
    try {
      await plan.refresh(request.plan);
    } catch (error) {
      const { message } = RpcError.from(error);
      return new RpcError("unavailable", `The queues of the topic cannot be looked up: ${message}`, {
        outcome: "rejected",
      });
    }
    if (plan.holds(queue, method, key, request.plan)) return undefined;
    const owner = plan.queueOf(method, key);
    // Callers of ours learn that they have another plan, and send again; for others that is done here. Once only:
    // owners whose plans differ must not play ball with it.
    const helped = plain !== undefined || request.kind === "oneway";
    if (helped && owner !== undefined && !delivery.message.headers.has(HEADER.origin)) {
      return await this.#sendOn(facts, owner);
    }
    this.#shared.counts.otherPlans++;
    return new RpcError("failed_precondition", "another queue plan", { outcome: "rejected" });
  }

  /** Stores a request in its key's queue. */
  async #sendOn(facts: CallFacts, queue: QueueRef): Promise<RpcError | "sent on"> {
    const { transport, clock } = this.#shared.parts;
    try {
      await transport.send(messageOf(facts, facts.deadlineMs - clock.now()), { queue });
    } catch (error) {
      const { message, outcome } = RpcError.from(error);
      return new RpcError("unavailable", `The request could not be sent on to its queue: ${message}`, {
        outcome: outcome === "not_sent" ? "rejected" : "sent_unknown",
      });
    }
    this.#shared.counts.sentOn++;
    const { request, method } = facts;
    log.debug(EVENTS.callee.sentOn, { callId: request.id, method, queue: `${queue.broker}/${queue.id}` });
    return "sent on";
  }

  #dead({ request, delivery }: CallFacts, reason: string): Prepared {
    const dead = { reason, attempts: startsBefore(request, delivery) };
    return { kind: "ended", result: { ok: false, error: deadAnswer(reason), ran: "maybe", dead } };
  }

  #refused({ delivery, request, method }: CallFacts, error: RpcError): Prepared {
    if (error.code !== "deadline_exceeded") {
      this.#shared.counts.refused++;
      log.debug(EVENTS.callee.refused, { callId: request.id, method, error });
    }
    const ran = error.outcome === "sent_unknown" ? "maybe" : ranBefore(delivery, request);
    return { kind: "ended", result: { ok: false, error, ran } };
  }
}

/** The message that another queue gets: a stranger's with what its answer needs, one of ours alone. */
function messageOf({ delivery, request, method, plain }: CallFacts, remainingMs: number): Message {
  const timeoutMs = Math.max(1, Math.ceil(remainingMs));
  const headers = plain === undefined
    ? requestHeaders({ ...request, timeoutMs })
    : new Map(delivery.message.headers);
  headers.set(HEADER.origin, originOf(delivery));
  if (plain === undefined) {
    return {
      topic: delivery.queue.topic,
      tag: method,
      keys: [request.id],
      headers,
      body: travelling(request.body),
    };
  }
  // What is left may be less than a TTL can say.
  headers.set(HEADER.timeout, String(timeoutMs));
  return { ...delivery.message, headers, plain: { ...plain, ttlMs: Math.max(LEAST_TTL_MS, timeoutMs) } };
}
