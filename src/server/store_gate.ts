import type { Result } from "../call/inbound.ts";
import type { Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { startsBefore } from "./attempts.ts";
import { isFinal, type Once, type Opening } from "./once.ts";
import type { ReceivedCall } from "./received_call.ts";
import type { Retries } from "./retries.ts";
import { deadAnswer } from "./suspects.ts";

/** Stands between the calls of one partition and their handlers, where a store remembers outcomes. */
export class StoreGate {
  readonly #once: Once;
  readonly #retries: Retries;
  readonly #answered: (call: ReceivedCall, reply: Reply) => void;

  /** @param answered told of a call that has its reply, which need not be remembered */
  constructor(once: Once, retries: Retries, answered: (call: ReceivedCall, reply: Reply) => void) {
    this.#once = once;
    this.#retries = retries;
    this.#answered = answered;
  }

  /**
   * Lets a call start: asks the store, and waits for the record of the start. `undefined` where the method is safe, so
   * that there is nothing to ask. Rejects when the call must not start now; then it is answered, or comes back.
   */
  admit(call: ReceivedCall, recorded: Promise<void> | undefined): Promise<void> | undefined {
    return call.settings.safe ? undefined : this.#admit(call, recorded);
  }

  /** A call that was admitted has its answer: it is remembered before it is sent. Never rejects. */
  ended(call: ReceivedCall, result: Result, reply: Reply): Promise<void> {
    const claim = call.claimed;
    if (claim === undefined) return DONE;
    call.claimed = undefined;
    const final = isFinal(result, call.settings.idempotent, call.aborted);
    return final ? this.#once.finish(claim, reply) : this.#once.release(claim);
  }

  /** A call that was admitted shall run again. Never rejects. */
  release(call: ReceivedCall): Promise<void> {
    const claim = call.claimed;
    call.claimed = undefined;
    return claim === undefined ? DONE : this.#once.release(claim);
  }

  /**
   * A call that was given up has its result after all: its successor finds the answer. What crashed, or threw no more
   * than what it was told to stop with, may be run again by it, or, where it must not, is an orphan when its lease ends.
   */
  async endedLate(call: ReceivedCall, result: Result, reply: () => Reply | Promise<Reply>): Promise<void> {
    const crashed = !result.ok && ("dead" in result || "again" in result);
    if (crashed || call.isLetGo(result)) await this.givenUp(call);
    else await this.ended(call, result, await reply());
  }

  /** The work of a call that was admitted ended without an answer, and this instance does nothing more about it. */
  async givenUp(call: ReceivedCall): Promise<void> {
    if (call.settings.idempotent) return await this.release(call);
    if (call.claimed !== undefined) this.#once.abandon(call.claimed);
    call.claimed = undefined;
  }

  async #admit(call: ReceivedCall, recorded: Promise<void> | undefined): Promise<void> {
    const opening = await this.#once.begin(call.facts);
    const here = !call.withdrawn && !call.settled;
    if (opening.kind === "begun") {
      try {
        await recorded;
      } catch (error) {
        void this.#once.release(opening.claim);
        throw error;
      }
      if (!call.withdrawn && !call.settled) call.claimed = opening.claim;
      else void this.#once.release(opening.claim);
      return;
    }
    if (here) this.#end(call, opening);
    throw new RpcError("aborted", "The call does not start now", { callId: call.id });
  }

  #end(call: ReceivedCall, opening: Exclude<Opening, { kind: "begun" }>): void {
    const { request, delivery } = call.facts;
    switch (opening.kind) {
      case "answered":
        call.letGo();
        return this.#answered(call, opening.reply);
      case "elsewhere":
        return this.#retries.claimAgain(call, opening.leaseMs + 1);
      case "may have run": {
        const reason = "may have run";
        const dead = { reason, attempts: Math.max(1, startsBefore(request, delivery)) };
        return call.settle({ ok: false, error: deadAnswer(reason), ran: "maybe", dead });
      }
      case "unavailable":
        // Nobody would learn of it: it waits for the store.
        if (call.kind === "oneway") return this.#retries.claimAgain(call, Infinity);
        return call.settle({ ok: false, error: opening.error, ran: call.ranBefore });
      case "refused":
        return call.settle({ ok: false, error: opening.error, ran: call.ranBefore });
    }
  }
}

const DONE: Promise<void> = Promise.resolve();
