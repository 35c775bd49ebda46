import { createHash } from "node:crypto";
import { within } from "../async/within.ts";
import type { Timer } from "../async/clock.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import type { Result } from "../call/inbound.ts";
import { travelling } from "../envelope/body.ts";
import { decodePack, encodePack, HeadText } from "../envelope/pack.ts";
import { readReply, type Reply, replyBody, writeReply } from "../envelope/reply.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Begun, Claim, Finding, OutcomeStore, Unknown, Work } from "../store/outcome_store.ts";
import { STORE_LEASE_MS, STORE_LIMIT_MS } from "./defaults.ts";

/** What about a call makes it the same piece of work as another one. */
export interface WorkFacts {
  readonly request: Request;
  readonly method: string;
  readonly settings: { readonly safe: boolean; readonly idempotent: boolean };
}

/** What a store says before a handler starts. */
export type Opening =
  /** The work is this call's to do. */
  | { readonly kind: "begun"; readonly claim: Claim }
  /** It was done: this was the answer. */
  | { readonly kind: "answered"; readonly reply: Reply }
  /** Another call does it, and has so many milliseconds before its lease ends. */
  | { readonly kind: "elsewhere"; readonly leaseMs: number }
  /** Another call began it and never finished, and it must not be done twice. */
  | { readonly kind: "may have run" }
  /** Its key was used for another input. */
  | { readonly kind: "refused"; readonly error: RpcError }
  /** The store could not be asked. */
  | { readonly kind: "unavailable"; readonly error: RpcError };

/** What became of calls because of the store. */
export interface OnceCounts {
  /** Answered with what was remembered, without a handler. */
  answered: number;
  /** Refused: their key was used for another input. */
  conflicts: number;
  /** Questions that the store did not answer, or with an error. */
  failed: number;
  /** Outcomes that were not remembered, because the work had been taken over. */
  fenced: number;
}

const log = logger("callee");

/**
 * Asks a store before a call runs, and tells it how the call ended: what makes calls of one idempotency key run once
 * beyond what one instance can know. Calls of `safe` methods never come here: there is nothing to protect.
 */
export class Once {
  readonly #store: OutcomeStore;
  readonly #contract: string;
  readonly #wheel: TimerWheel;
  /** Claims whose handlers are at work. */
  readonly #held = new Set<Claim>();
  #renewal: Timer | undefined;
  readonly counts: OnceCounts = { answered: 0, conflicts: 0, failed: 0, fenced: 0 };

  /**
   * @param store where outcomes are remembered
   * @param contract the contract's name
   * @param wheel where its timers come from
   */
  constructor(store: OutcomeStore, contract: string, wheel: TimerWheel) {
    this.#store = store;
    this.#contract = contract;
    this.#wheel = wheel;
  }

  /** Begins the work of a call, right before its handler. Never rejects. */
  async begin(facts: WorkFacts): Promise<Opening> {
    const options = { leaseMs: STORE_LEASE_MS, takeOver: facts.settings.idempotent };
    let asked: Promise<Finding | Begun> | undefined;
    try {
      asked = this.#store.begin(this.#workOf(facts), options);
      return this.#opening(facts, await this.#inTime(asked));
    } catch (error) {
      // It may have been begun all the same: then nobody must wait for the lease.
      asked?.then((late) => late.kind === "begun" ? this.release(late.claim) : undefined, () => {});
      return this.#unavailable(error);
    }
  }

  /** What is known of a suspect; `undefined` where that is nothing, or cannot be asked. Never rejects. */
  async look(facts: WorkFacts): Promise<Exclude<Opening, { kind: "begun" | "unavailable" }> | undefined> {
    try {
      const found: Finding | Unknown = await this.#inTime(this.#store.find(this.#workOf(facts)));
      if (found.kind === "unknown") return undefined;
      const opening = this.#opening(facts, found);
      return opening.kind === "begun" || opening.kind === "unavailable" ? undefined : opening;
    } catch (error) {
      this.#unavailable(error);
      return undefined;
    }
  }

  /** Remembers the final answer of a call. Resolves also when that fails, which is counted. Never rejects. */
  async finish(claim: Claim, reply: Reply): Promise<void> {
    try {
      if (!await this.#inTime(this.#store.finish(claim, outcomeOf(reply)))) this.counts.fenced++;
    } catch (error) {
      this.counts.failed++;
      const { contract, method, key } = claim.work;
      log.error(EVENTS.callee.outcomeForgotten, { contract, method, key, error });
    } finally {
      this.#held.delete(claim);
    }
  }

  /** Gives a claim back whose work was not done, or shall be done again. Never rejects. */
  async release(claim: Claim): Promise<void> {
    this.#held.delete(claim);
    try {
      await this.#inTime(this.#store.release(claim));
    } catch (error) {
      // Its lease ends by itself.
      this.#unavailable(error);
    }
  }

  /** Renews a claim no longer: its work was begun, will not be finished, and is an orphan when the lease ends. */
  abandon(claim: Claim): void {
    this.#held.delete(claim);
  }

  /** Renews nothing any more. */
  close(): void {
    this.#held.clear();
    this.#renewal?.cancel();
    this.#renewal = undefined;
  }

  #opening(facts: WorkFacts, found: Finding | Begun): Opening {
    switch (found.kind) {
      case "begun":
        this.#hold(found.claim);
        return { kind: "begun", claim: found.claim };
      case "finished": {
        const reply = replyOf(found.outcome, facts.request.id);
        this.counts.answered++;
        return { kind: "answered", reply };
      }
      case "running":
        return { kind: "elsewhere", leaseMs: found.leaseMs };
      case "orphaned":
        return { kind: "may have run" };
      case "conflict": {
        this.counts.conflicts++;
        const message = "The idempotency key was used for another input: write one key for one piece of work";
        return {
          kind: "refused",
          error: new RpcError("failed_precondition", message, { outcome: "rejected" }),
        };
      }
    }
  }

  #unavailable(cause: unknown): Opening {
    this.counts.failed++;
    log.error(EVENTS.callee.storeFailed, { contract: this.#contract, error: cause });
    const message = "The store that remembers outcomes cannot be asked: the call was not started";
    return {
      kind: "unavailable",
      error: new RpcError("unavailable", message, { outcome: "rejected", cause }),
    };
  }

  #workOf({ request, method }: WorkFacts): Work {
    const { id, idempotencyKey, type, body } = request;
    const digest = createHash("sha256").update(type).update("\0").update(body ?? "");
    return {
      contract: this.#contract,
      method,
      key: idempotencyKey ?? id,
      digest: digest.digest("base64url"),
    };
  }

  #inTime<T>(promise: Promise<T>): Promise<T> {
    const after = (ms: number, callback: () => void) => this.#wheel.schedule(ms, callback);
    return within(promise, STORE_LIMIT_MS, after, () => new Error(`No answer within ${STORE_LIMIT_MS} ms`));
  }

  #hold(claim: Claim): void {
    this.#held.add(claim);
    this.#renewal ??= this.#wheel.schedule(STORE_LEASE_MS / 3, () => this.#renew());
  }

  #renew(): void {
    this.#renewal = undefined;
    if (this.#held.size === 0) return;
    this.#renewal = this.#wheel.schedule(STORE_LEASE_MS / 3, () => this.#renew());
    const renewed = async () => await this.#store.renew([...this.#held], STORE_LEASE_MS);
    renewed().catch((error) => this.#unavailable(error));
  }
}

/**
 * Whether an answer is the last word about its piece of work. One that an aborted handler gave is not, where the work
 * may be done again: its caller's next try shall not be told that the first one took too long.
 *
 * @param aborted whether the call's signal had aborted
 */
export function isFinal(result: Result, idempotent: boolean, aborted: boolean): boolean {
  if (result.ok || result.ran === "lost") return true;
  if (result.ran !== "yes" || "again" in result) return false;
  return !idempotent || !aborted;
}

/** A reply as bytes, without the id of its call: another call may get it too. */
function outcomeOf(reply: Reply): Uint8Array {
  const head = new HeadText();
  writeReply(reply, head);
  return encodePack([{ head: head.text, body: travelling(replyBody(reply)) }]);
}

function replyOf(outcome: Uint8Array, id: string): Reply {
  const [entry] = decodePack(outcome);
  const reply = entry === undefined ? undefined : readReply(entry.headers, entry.headers, entry.body);
  if (reply === undefined) throw new TypeError("The store gave back something else than was remembered");
  return { ...reply, id };
}
