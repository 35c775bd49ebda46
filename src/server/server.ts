import { deadLetterTopicOf, groupOf, topicOf } from "../call/plan.ts";
import type { Deliver } from "../call/inbound.ts";
import { QUEUES_PER_MASTER } from "../contract/defaults.ts";
import type { Contract } from "../contract/types.ts";
import type { QueueRef, Subscription, Waiting } from "../transport/transport.ts";
import { DeadLetters } from "./dead_letters.ts";
import { Intake } from "./intake.ts";
import { Receiver } from "./receiver.ts";
import { Replier } from "./replier.ts";
import type { ServiceParts } from "./service_parts.ts";
import type { Counts, Shared } from "./shared.ts";
import { Suspects } from "./suspects.ts";

/** Where the calls of a served contract go. */
export interface Mailboxes {
  readonly deliver: Deliver;
  /** Sets the listener that is told when a mailbox that was full has room. */
  onRoom(listener: () => void): void;
  /**
   * No call of that partition, `broker/id`, comes any more, and none runs that was not given up. Resolves when another
   * instance may have it.
   */
  released?(partition: string): Promise<void>;
}

/** A contract that this instance serves. */
export interface Served {
  readonly queues: readonly QueueRef[];
  readonly unsettled: number;
  readonly undelivered: number;
  readonly deadLetters: number;
  readonly counts: Readonly<Counts>;
  /** Drains and gives all queues back. Idempotent. */
  stop(options?: Waiting): Promise<void>;
}

/**
 * Serves a contract: makes its topics where they are missing, joins its group and feeds the mailboxes. Resolves
 * after the first rebalance round, possibly without a queue yet.
 *
 * @throws {RpcError} `unavailable` / `not_sent` when topics cannot be made or the group cannot be joined
 */
export async function serveContract(
  contract: Contract,
  mailboxes: Mailboxes,
  parts: ServiceParts,
  options: Waiting = {},
): Promise<Served> {
  const { transport, clock, random } = parts;
  const topic = topicOf(contract.name);
  const group = groupOf(contract.name);
  const deadLetterTopic = deadLetterTopicOf(contract.name);
  await transport.ensureTopics([
    { topic, queues: QUEUES_PER_MASTER, group },
    { topic: deadLetterTopic, queues: 1 },
  ], options);
  const replier = new Replier(transport, clock, random);
  const counts: Counts = { expiredUnanswered: 0, duplicates: 0, foundAgain: 0 };
  const deadLetters = new DeadLetters(transport, clock, random, deadLetterTopic);
  const shared: Shared = {
    parts,
    receiver: new Receiver(contract, parts.codec),
    replier,
    deadLetters,
    suspects: new Suspects(transport),
    deliver: mailboxes.deliver,
    released: async (partition) => await mailboxes.released?.(partition),
    counts,
  };
  const intake = new Intake(shared);
  mailboxes.onRoom(() => intake.pump());
  const subscription = await transport.subscribe({ topic, group }, intake, options);
  return new ServedContract(intake, subscription, replier, deadLetters, counts);
}

class ServedContract implements Served {
  readonly #intake: Intake;
  readonly #subscription: Subscription;
  readonly #replier: Replier;
  readonly #deadLetters: DeadLetters;
  readonly counts: Readonly<Counts>;

  constructor(
    intake: Intake,
    subscription: Subscription,
    replier: Replier,
    deadLetters: DeadLetters,
    counts: Counts,
  ) {
    this.#intake = intake;
    this.#subscription = subscription;
    this.#replier = replier;
    this.#deadLetters = deadLetters;
    this.counts = counts;
  }

  get queues(): readonly QueueRef[] {
    return this.#intake.queues;
  }
  get unsettled(): number {
    return this.#intake.unsettled;
  }
  get undelivered(): number {
    return this.#replier.undelivered;
  }
  get deadLetters(): number {
    return this.#deadLetters.stored;
  }

  async stop(options: Waiting = {}): Promise<void> {
    try {
      await this.#subscription.close(options);
    } finally {
      this.#replier.close();
      this.#deadLetters.close();
    }
  }
}
