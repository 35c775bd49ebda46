import type { Deliver } from "../call/inbound.ts";
import { deadLetterTopicOf } from "../call/plan.ts";
import type { Contract } from "../contract/types.ts";
import { Answers } from "./answers.ts";
import { DeadLetters } from "./dead_letters.ts";
import { EarlyCancels } from "./early_cancels.ts";
import { Once } from "./once.ts";
import { Preparation } from "./preparation.ts";
import { QueuePlan } from "./queue_plan.ts";
import { Receiver } from "./receiver.ts";
import { Replier } from "./replier.ts";
import { Resends } from "./resends.ts";
import type { Mailboxes } from "./server.ts";
import type { ServiceParts } from "./service_parts.ts";
import { Streams } from "./streams.ts";
import { Suspects } from "./suspects.ts";

/** What all partitions of one service share. */
export interface Shared {
  readonly parts: ServiceParts;
  readonly contract: Contract;
  readonly receiver: Receiver;
  readonly answers: Answers;
  readonly replier: Replier;
  /** Replies of this service that could not be stored before their deadline. */
  readonly undelivered: { replies: number };
  readonly streams: Streams;
  readonly deadLetters: DeadLetters;
  readonly resends: Resends;
  /** Set where a store remembers outcomes. */
  readonly once: Once | undefined;
  readonly suspects: Suspects;
  readonly plan: QueuePlan;
  readonly preparation: Preparation;
  readonly cancels: EarlyCancels;
  readonly deliver: Deliver;
  /** Told that a partition, `broker/id`, has ended. */
  readonly released: (partition: string) => Promise<void>;
  readonly counts: Counts;
}

/** What happened to requests that no handler answered. */
export interface Counts {
  /** Expired, and nobody was told: so long ago that nobody waits, or one-way. */
  expiredUnanswered: number;
  /** Answered from the duplicate window, or joined to a running call. */
  duplicates: number;
  /** Suspects whose reply was found on the broker. */
  foundAgain: number;
  /** Refused before any handler: unreadable, unknown method, wrong type, schema or key, another queue plan. */
  refused: number;
  /** Of these, calls with a key that came by another queue than this instance's plan says. */
  otherPlans: number;
  /** Plain and one-way calls that were sent on to their key's queue. */
  sentOn: number;
  /** Cancelled by their callers, before their handlers or while these ran. */
  cancelled: number;
  /** Cancels in a queue whose calls were not known: remembered for a while. */
  unknownCancels: number;
  /** Later attempts that were stored as messages of their own. */
  sentAgain: number;
  /** Calls that were copied while they ran, so as not to hold their queue up. */
  copied: number;
  /** Calls that were stored in their queue again before they ran, alone. */
  moved: number;
  /** One-way calls that became dead letters. */
  onewayDeadLetters: number;
}

/**
 * Makes what the partitions of one service share.
 *
 * @param parts of a transport that has started
 */
export function createShared(contract: Contract, mailboxes: Mailboxes, parts: ServiceParts): Shared {
  const { transport, clock, random, wheel, store, replier } = parts;
  const after = (ms: number, callback: () => void) => wheel.schedule(ms, callback);
  const once = store && new Once(store, contract.name, wheel);
  const suspects = new Suspects(transport, once);
  const plan = new QueuePlan(contract, transport, clock);
  const counts: Counts = {
    expiredUnanswered: 0,
    duplicates: 0,
    foundAgain: 0,
    refused: 0,
    otherPlans: 0,
    sentOn: 0,
    cancelled: 0,
    unknownCancels: 0,
    sentAgain: 0,
    copied: 0,
    moved: 0,
    onewayDeadLetters: 0,
  };
  const answers = new Answers(contract, transport.capabilities.maxBodyBytes, after);
  return {
    parts,
    contract,
    receiver: new Receiver(contract, after),
    answers,
    replier: replier ?? new Replier(transport, clock, random),
    undelivered: { replies: 0 },
    streams: new Streams(parts, answers),
    deadLetters: new DeadLetters(transport, clock, random, deadLetterTopicOf(contract.name)),
    resends: new Resends(transport, clock, random),
    once,
    suspects,
    plan,
    preparation: new Preparation({ suspects, plan, parts, counts }),
    cancels: new EarlyCancels(clock),
    deliver: mailboxes.deliver,
    released: async (partition) => await mailboxes.released?.(partition),
    counts,
  };
}
