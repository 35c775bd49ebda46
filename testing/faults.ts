/** What a process does through its transport. Counted per process name and kind, from 1, over all its lives. */
export type Operation =
  /** Stores a request, a copy of one, a dead letter or a cancel in a queue. */
  | "send"
  /** Sends replies to their caller. */
  | "reply"
  /** Looks up a topic's queues, the members of its group, or a stored reply. */
  | "look"
  /** Asks the store of outcomes. */
  | "store";

/** How far a call has come, by what has just happened to it. After each of these steps its process may die. */
export type Step =
  /** Its message was delivered. */
  | "received"
  /** Its start is on record. */
  | "started"
  /** Its handler has begun, and waits for something. */
  | "running"
  /** Its handler has answered. */
  | "ran"
  /** Its outcome is in the store. */
  | "remembered"
  /** Its reply was sent. */
  | "replied"
  /** Its message was settled. */
  | "settled";

/** All steps, in order. */
export const STEPS: readonly Step[] = [
  "received",
  "started",
  "running",
  "ran",
  "remembered",
  "replied",
  "settled",
];

/** Whom a fault strikes: one process, when it does something for the `nth` time. */
export interface Struck {
  /** The name of the process. */
  readonly process: string;
  /** Which one of its operations of that kind, from 1. */
  readonly nth: number;
}

/**
 * One thing that goes wrong. Plain data: a list of them can be printed, kept, replayed and made shorter. What names a
 * process, an operation or a queue that there never is does nothing.
 */
export type Fault =
  /** It takes longer: the broker has it so many milliseconds later. */
  | Struck & { readonly kind: "delay"; readonly on: Operation; readonly ms: number }
  /** It is lost on its way: nothing is stored, and the sender learns so, or does not. */
  | Struck & { readonly kind: "drop"; readonly on: Operation; readonly known: boolean }
  /** It is done, and the answer is lost: the sender learns only that the connection broke. */
  | Struck & { readonly kind: "lost answer"; readonly on: Operation }
  /** A message is stored once more so much later, before its sender has its answer: as when a client sends again by itself. */
  | Struck & { readonly kind: "duplicate"; readonly ms: number }
  /** From the `nth` delivery on the queue of that delivery stands still for a while, and others overtake it. */
  | Struck & { readonly kind: "stall"; readonly ms: number }
  /** The `nth` look at the members of a group shows something else than the truth. */
  | Struck & { readonly kind: "members"; readonly sees: "nobody" | "unknown" | "strangers" }
  /** The process dies when a call of it has come that far for the `nth` time. */
  | Struck & { readonly kind: "crash"; readonly step: Step; readonly noticedAfterMs?: number }
  /** A process that does nothing special dies at that time. */
  | { readonly kind: "kill"; readonly atMs: number; readonly process: string }
  /**
   * A process does nothing for a while and knows nothing of it, as under a long pause of its machine. When that is
   * longer than the broker waits, its queues are others' when it wakes up: a zombie.
   */
  | { readonly kind: "freeze"; readonly atMs: number; readonly process: string; readonly ms: number }
  /** A rebalance: the queue is drained, given back, and given to whom it belongs then. */
  | { readonly kind: "revoke"; readonly atMs: number; readonly topic: string; readonly queue: number }
  /** The queue's lock is gone from one moment to the next. */
  | { readonly kind: "lost lock"; readonly atMs: number; readonly topic: string; readonly queue: number }
  /** The broker was killed, and what it had not written to disk of the queue's offset and marks is gone. */
  | {
    readonly kind: "rollback";
    readonly atMs: number;
    readonly topic: string;
    readonly queue: number;
    readonly messages: number;
  };

/** One fault as a line for people. */
export function textOfFault(fault: Fault): string {
  const { kind, ...rest } = fault;
  return `${kind} ${JSON.stringify(rest)}`;
}
