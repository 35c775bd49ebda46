import { ATTEMPTS } from "../call/defaults.ts";
import type { Dead, Result } from "../call/inbound.ts";
import { isStreamMessage } from "../envelope/item.ts";
import type { Reply } from "../envelope/reply.ts";
import { replyToMessage } from "../envelope/stored_reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Transport } from "../transport/transport.ts";
import { isSuspect, startsBefore } from "./attempts.ts";
import { LOOKUPS_AT_ONCE } from "./defaults.ts";
import type { Once } from "./once.ts";
import { originOf } from "./origin.ts";
import type { CallFacts } from "./call_facts.ts";
import type { ReceivedCall } from "./received_call.ts";

const log = logger("callee");

/** What is to be done with a call that an earlier owner may have started. */
export type Verdict =
  /** Its reply is in the store, or on the broker: send that again. */
  | { readonly kind: "answered"; readonly reply: Reply }
  /** The store knows its key with another input. */
  | { readonly kind: "refused"; readonly error: RpcError }
  /** Run it; alone where it may be what kills the process. */
  | { readonly kind: "run"; readonly alone: boolean }
  /** Never run it again. */
  | { readonly kind: "dead"; readonly reason: string };

/**
 * Decides about suspects: messages that were started before, by marks the earlier owner left. The store of outcomes
 * is asked before anything else, then the broker for a stored reply: either settles the question. Without an answer,
 * only what is idempotent runs again, and the last attempt runs alone.
 *
 * Where the store says that the work is still going on, the call runs: that is, it waits for the end of that work right
 * before its handler, as any other call of the same key.
 */
export class Suspects {
  readonly #transport: Transport;
  readonly #once: Pick<Once, "look"> | undefined;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];
  #saidOff = false;

  constructor(transport: Transport, once?: Pick<Once, "look">) {
    this.#transport = transport;
    this.#once = once;
  }

  /** Judges one call. Never rejects: a look-up that fails counts as nothing found. */
  async judge(facts: CallFacts): Promise<Verdict> {
    const { request, delivery, settings } = facts;
    const known = settings.safe ? undefined : await this.#once?.look(facts);
    if (known?.kind === "answered" || known?.kind === "refused") return known;
    const reply = await this.answerOf(facts);
    if (reply !== undefined) return { kind: "answered", reply };
    const starts = startsBefore(request, delivery);
    if (starts >= ATTEMPTS) return { kind: "dead", reason: "attempts spent" };
    if (!settings.idempotent && known?.kind !== "elsewhere") return { kind: "dead", reason: "may have run" };
    return { kind: "run", alone: starts === ATTEMPTS - 1 };
  }

  /** The reply to a call's message that is stored on the broker; `undefined` where none is found, or it cannot be asked. Never rejects. */
  async answerOf(facts: CallFacts): Promise<Reply | undefined> {
    if (!this.#transport.capabilities.storedReplies || facts.plain !== undefined) return undefined;
    if (facts.request.kind === "oneway") return undefined;
    await this.#enter();
    try {
      const { id } = facts.request;
      const stored = await this.#transport.storedReplies(id, facts.delivery);
      if (facts.request.credit !== undefined && stored.some(({ headers }) => isStreamMessage(headers))) {
        return { id, ok: false, error: streamBroken(id), ran: "maybe" };
      }
      return replyToMessage(stored, id, originOf(facts.delivery));
    } catch (error) {
      if (!this.#saidOff) log.warn(EVENTS.callee.storedRepliesOff, { error });
      this.#saidOff = true;
      return undefined;
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#underWay < LOOKUPS_AT_ONCE) this.#underWay++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay--;
    else next();
  }
}

/**
 * Why a call that ended without an answer of its handler is a dead letter all the same: somebody has to look whether
 * an earlier run left something half done. `undefined` where no earlier run can have.
 */
export function deathOfTried(
  call: Pick<ReceivedCall, "facts" | "attempt">,
  result: Result,
): Dead | undefined {
  if (result.ok || result.ran !== "maybe") return undefined;
  const { facts: { request, delivery, settings, attempt: first }, attempt } = call;
  if (!settings.idempotent && isSuspect(request, delivery)) {
    return { reason: "may have run", attempts: startsBefore(request, delivery) };
  }
  if (attempt === first || result.error.code !== "deadline_exceeded") return undefined;
  return { reason: "no time for another attempt", attempts: attempt - 1 };
}

/** What ends a stream that an earlier owner had begun: its items cannot be made again. */
function streamBroken(callId: string): RpcError {
  const message = "The instance that produced the stream has died or lost its queue";
  return new RpcError("unavailable", message, { outcome: "sent_unknown", callId });
}

/** The error that answers a call which is dead for that reason. */
export function deadAnswer(reason: string): RpcError {
  const message = reason === "may have run"
    ? "An earlier instance may have run this call and died; it is in the dead-letter queue"
    : "This call was started as often as allowed and never finished; it is in the dead-letter queue";
  return new RpcError("internal", message, { outcome: "sent_unknown" });
}
