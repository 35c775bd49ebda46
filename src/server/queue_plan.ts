import type { Clock } from "../async/clock.ts";
import { queueOfKey, queuesOfSlot, slotOf, topicOf } from "../call/plan.ts";
import type { Contract } from "../contract/types.ts";
import type { QueueRef, Transport } from "../transport/transport.ts";
import { PLAN_BEHIND_MS, PLAN_KEPT_MS, PLAN_TRUSTED_MS } from "./defaults.ts";

/**
 * Which queue each key of a contract belongs to, by the declared plan of its topic. It is looked up when it is first
 * needed, again while it is used, and before anything is refused because of it.
 */
export class QueuePlan {
  readonly #contract: Contract;
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** Where partitions have no owner, the transport itself keeps calls of one key in order. */
  readonly #applies: boolean;
  /** The queues of each method's slot. */
  #queues: ReadonlyMap<string, readonly QueueRef[]> | undefined;
  /** 0 while none is known, or none is declared. */
  #number = 0;
  #sinceMs = 0;
  #looking: { readonly fresh: boolean; readonly done: Promise<void> } | undefined;
  #later: Promise<void> | undefined;
  #looks = 0;
  /** The look that what is known came from: an older answer never replaces a newer one. */
  #known = 0;

  constructor(contract: Contract, transport: Transport, clock: Clock) {
    this.#contract = contract;
    this.#transport = transport;
    this.#clock = clock;
    this.#applies = transport.capabilities.ownedPartitions;
  }

  /**
   * Whether a call is where it belongs by what is known now; `false` too while nothing is known.
   *
   * @param queue where it came from
   * @param number the plan that its caller went by, where that is known
   */
  holds(queue: QueueRef, method: string, key: string, number?: number): boolean {
    if (!this.#applies) return true;
    if (number !== undefined && this.#number !== 0 && number !== this.#number) return false;
    const owner = this.queueOf(method, key);
    return owner !== undefined && owner.id === queue.id && owner.broker === queue.broker;
  }

  /** The key's queue by what is known now. */
  queueOf(method: string, key: string): QueueRef | undefined {
    const queues = this.#queues?.get(method);
    return queues === undefined ? undefined : queueOfKey(queues, key);
  }

  /** Looks again in the background where the plan is old: to be called for each message of a plan that is used. */
  age(): void {
    if (this.#queues === undefined || this.#clock.monotonic() - this.#sinceMs < PLAN_KEPT_MS) return;
    // What is known stays good enough when the look fails: it is tried again, but not for every message.
    this.#look().catch(() => this.#sinceMs = this.#clock.monotonic() - PLAN_KEPT_MS + PLAN_TRUSTED_MS);
  }

  /**
   * Makes sure that what is known is no older than what refusals may rest on. Where a caller knows a later plan, it is
   * looked up anew in any case, though not more often than every 50 ms.
   *
   * @param number the plan that a caller went by, where that is known
   * @throws {RpcError} `unavailable` / `not_sent` when the plan cannot be looked up
   */
  refresh(number = 0): Promise<void> {
    const age = this.#clock.monotonic() - this.#sinceMs;
    if (this.#queues === undefined) return this.#look(true);
    if (number <= this.#number) return age < PLAN_TRUSTED_MS ? DONE : this.#look(true);
    return age >= PLAN_BEHIND_MS ? this.#look(true) : this.#lookIn(PLAN_BEHIND_MS - age);
  }

  #lookIn(ms: number): Promise<void> {
    return this.#later ??= new Promise<void>((resolve) => void this.#clock.after(ms, resolve)).then(() => {
      this.#later = undefined;
      return this.#look(true);
    });
  }

  #look(fresh = false): Promise<void> {
    if (this.#looking !== undefined && (this.#looking.fresh || !fresh)) return this.#looking.done;
    const done = this.#lookOnce(fresh, ++this.#looks).finally(() => {
      if (this.#looking === looking) this.#looking = undefined;
    });
    const looking = { fresh, done };
    this.#looking = looking;
    return done;
  }

  async #lookOnce(fresh: boolean, look: number): Promise<void> {
    const { name, methods, slots } = this.#contract;
    const { number, queues: all } = await this.#transport.plan(topicOf(name), { fresh });
    if (look < this.#known) return;
    this.#known = look;
    const bySlot = Array.from({ length: slots }, (_, slot) => queuesOfSlot(all, slot, slots));
    this.#queues = new Map(
      Object.keys(methods).map((method, index) => [method, bySlot[slotOf(index, slots)] ?? []]),
    );
    this.#number = number;
    this.#sinceMs = this.#clock.monotonic();
  }
}

const DONE: Promise<void> = Promise.resolve();
