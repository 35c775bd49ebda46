import { deadLetterTopicOf, groupOf, topicOf } from "../call/plan.ts";
import type { Deliver } from "../call/inbound.ts";
import { QUEUES_PER_MASTER } from "../contract/defaults.ts";
import type { Contract } from "../contract/types.ts";
import type { StreamControl } from "../envelope/credit.ts";
import type { StreamCounts } from "./streams.ts";
import type { QueueRef, Subscription, Waiting } from "../transport/transport.ts";
import type { Cancellable, Streaming } from "./direct_listener.ts";
import { Intake } from "./intake.ts";
import type { Holder } from "./holds.ts";
import type { OnceCounts } from "./once.ts";
import { checkStore } from "../store/outcome_store.ts";
import { checkOwnership } from "./ownership.ts";
import type { QueueBacklog } from "./partition_intake.ts";
import type { ServiceParts } from "./service_parts.ts";
import { type Counts, createShared, type Shared } from "./shared.ts";
import { warnOfSurplus } from "./surplus.ts";

/** Where the calls of a served contract go. */
export interface Mailboxes {
  readonly deliver: Deliver;
  /** Methods whose handlers keep state of their own. Default: none. */
  readonly stateful?: readonly string[];
  /** Sets the listener that is told when a mailbox that was full has room. */
  onRoom(listener: () => void): void;
  /**
   * Told that a partition, `broker/id`, has ended: what belongs to it goes with it. No call of it is at work any more,
   * or each was told to stop. When the queue is handed over, the hand-over waits for the promise, at most the drain
   * limit; when it is lost, nothing waits.
   */
  released?(partition: string): Promise<void>;
}

/** A contract that this instance serves. */
export interface Served extends Cancellable, Streaming {
  readonly queues: readonly QueueRef[];
  /** How far each of them is behind. */
  readonly backlogs: readonly QueueBacklog[];
  readonly unsettled: number;
  readonly undelivered: number;
  /** Streams that run now, and what became of all. */
  readonly streams: StreamCounts & { readonly running: number };
  readonly deadLetters: number;
  /** Answers of handlers that could not travel: not encodable, too large, or not what the schema allows. */
  readonly lostAnswers: number;
  readonly counts: Readonly<Counts>;
  /** What became of calls because of the store; `undefined` where there is none. */
  readonly once: Readonly<OnceCounts> | undefined;
  /** Calls that hold their queue up and cannot be let go, such as those with keys. */
  readonly holders: readonly Holder[];
  /** Drains and gives all queues back. Idempotent. */
  stop(options?: Waiting): Promise<void>;
}

/**
 * Serves a contract: makes its topics where they are missing, joins its group and feeds the mailboxes. Resolves
 * after the first rebalance round, possibly without a queue yet.
 *
 * @throws {TypeError} when the transport cannot keep what the contract promises, or the store is none
 * @throws {RpcError} `unavailable` / `not_sent` when topics cannot be made or the group cannot be joined
 */
export async function serveContract(
  contract: Contract,
  mailboxes: Mailboxes,
  parts: ServiceParts,
  options: Waiting = {},
): Promise<Served> {
  const { transport } = parts;
  checkStore(parts.store);
  checkOwnership(contract, transport.capabilities, mailboxes.stateful);
  const topic = topicOf(contract.name);
  const group = groupOf(contract.name);
  await transport.ensureTopics([
    { topic, queues: QUEUES_PER_MASTER, group, slots: contract.slots, ordered: hasKeys(contract) },
    { topic: deadLetterTopicOf(contract.name), queues: 1 },
  ], options);
  const shared = createShared(contract, mailboxes, parts);
  const intake = new Intake(shared);
  mailboxes.onRoom(() => intake.pump());
  const subscription = await transport.subscribe({ topic, group }, intake, options);
  void warnOfSurplus(transport, contract);
  return new ServedContract(intake, subscription, shared);
}

/** Whether any of its calls has a key, and so a place among others. */
function hasKeys({ kind, methods }: Contract): boolean {
  return kind === "entity" || Object.values(methods).some(({ settings }) => settings.key !== undefined);
}

class ServedContract implements Served {
  readonly #intake: Intake;
  readonly #subscription: Subscription;
  readonly #shared: Shared;

  constructor(intake: Intake, subscription: Subscription, shared: Shared) {
    this.#intake = intake;
    this.#subscription = subscription;
    this.#shared = shared;
  }

  get queues(): readonly QueueRef[] {
    return this.#intake.queues;
  }
  get backlogs(): readonly QueueBacklog[] {
    return this.#intake.backlogs;
  }
  get unsettled(): number {
    return this.#intake.unsettled;
  }
  get undelivered(): number {
    return this.#shared.undelivered.replies + this.#shared.streams.counts.undelivered;
  }
  get streams(): StreamCounts & { readonly running: number } {
    const { counts, running } = this.#shared.streams;
    return { ...counts, running };
  }
  get deadLetters(): number {
    return this.#shared.deadLetters.stored;
  }
  get lostAnswers(): number {
    return this.#shared.answers.lost;
  }
  get once(): Readonly<OnceCounts> | undefined {
    return this.#shared.once?.counts;
  }
  get holders(): readonly Holder[] {
    return this.#intake.holders;
  }
  get counts(): Readonly<Counts> {
    return this.#shared.counts;
  }

  cancel(callId: string): boolean {
    return this.#intake.cancel(callId);
  }

  expectCancelled(callId: string): void {
    this.#shared.cancels.remember(callId);
  }

  control(control: StreamControl): boolean {
    return this.#shared.streams.control(control);
  }

  async stop(options: Waiting = {}): Promise<void> {
    try {
      await this.#subscription.close(options);
    } finally {
      await this.#shared.streams.close();
      if (this.#shared.parts.replier === undefined) this.#shared.replier.close();
      this.#shared.deadLetters.close();
      this.#shared.resends.close();
      this.#shared.once?.close();
    }
  }
}
