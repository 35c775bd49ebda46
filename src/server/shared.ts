import type { Deliver } from "../call/inbound.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { Receiver } from "./receiver.ts";
import type { Replier } from "./replier.ts";
import type { ServiceParts } from "./service_parts.ts";
import type { Suspects } from "./suspects.ts";

/** What all partitions of one service share. */
export interface Shared {
  readonly parts: ServiceParts;
  readonly receiver: Receiver;
  readonly replier: Replier;
  readonly deadLetters: DeadLetters;
  readonly suspects: Suspects;
  readonly deliver: Deliver;
  /** Ends what the mailboxes keep for a partition, `broker/id`. */
  readonly released?: (partition: string) => Promise<void>;
  readonly counts: Counts;
}

/** What happened to requests that no handler answered. */
export interface Counts {
  /** Expired so long ago that nobody was told. */
  expiredUnanswered: number;
  /** Answered from the duplicate window, or joined to a running call. */
  duplicates: number;
  /** Suspects whose reply was found on the broker. */
  foundAgain: number;
}
