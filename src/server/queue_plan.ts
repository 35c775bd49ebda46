import type { Clock } from "../async/clock.ts";
import { queueOfKey, queuesOfSlot, slotOf, topicOf } from "../call/plan.ts";
import type { Contract } from "../contract/types.ts";
import type { QueueRef, Transport } from "../transport/transport.ts";
import { PLAN_KEPT_MS, PLAN_TRUSTED_MS } from "./defaults.ts";

/**
 * Which queue each key of a contract belongs to, by the declared queues of its topic. These are looked up when they
 * are first needed, again while they are used, and before anything is refused because of them.
 */
export class QueuePlan {
  readonly #contract: Contract;
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** Where partitions have no owner, the transport itself keeps calls of one key in order. */
  readonly #applies: boolean;
  /** The queues of each method's slot. */
  #queues: ReadonlyMap<string, readonly QueueRef[]> | undefined;
  #sinceMs = 0;
  #looking: Promise<void> | undefined;

  constructor(contract: Contract, transport: Transport, clock: Clock) {
    this.#contract = contract;
    this.#transport = transport;
    this.#clock = clock;
    this.#applies = transport.capabilities.ownedPartitions;
  }

  /** Whether that queue is the key's by what is known now; `false` too while nothing is known. */
  holds(queue: QueueRef, method: string, key: string): boolean {
    if (!this.#applies) return true;
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
   * Makes sure that what is known is no older than what refusals may rest on.
   *
   * @throws {RpcError} `unavailable` / `not_sent` when the queues cannot be looked up
   */
  refresh(): Promise<void> {
    const age = this.#clock.monotonic() - this.#sinceMs;
    return this.#queues !== undefined && age < PLAN_TRUSTED_MS ? DONE : this.#look();
  }

  #look(): Promise<void> {
    return this.#looking ??= this.#lookOnce().finally(() => this.#looking = undefined);
  }

  async #lookOnce(): Promise<void> {
    const { name, methods, slots } = this.#contract;
    const all = await this.#transport.queues(topicOf(name));
    const bySlot = Array.from({ length: slots }, (_, slot) => queuesOfSlot(all, slot, slots));
    this.#queues = new Map(
      Object.keys(methods).map((method, index) => [method, bySlot[slotOf(index, slots)] ?? []]),
    );
    this.#sinceMs = this.#clock.monotonic();
  }
}

const DONE: Promise<void> = Promise.resolve();
