import type { Timer } from "../../async/clock.ts";
import type { Sink } from "../transport.ts";
import type { Retention } from "./retention.ts";
import type { Journal } from "./journal.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";
import type { Turns } from "./turns.ts";

/** What groups need from their broker. */
export interface GroupHost {
  readonly retention: Retention;
  readonly turns: Turns;
  /** What keeps its messages beyond its process, where something does. */
  readonly journal: Journal | undefined;
  /** How long a dead owner must have been gone before its lock is taken from it, in milliseconds. */
  readonly takeoverGraceMs: number;
  /** How long a message that was delivered and not settled stays invisible, in milliseconds. */
  readonly redeliverAfterMs: number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Calls `callback` once after about `ms` milliseconds, unless the broker is closed before. */
  after(ms: number, callback: () => void): Timer;
  /** Unsettles what is kept of a queue from that place on, and returns the first place that is unsettled then. */
  reopen(queue: StoredQueue, from: number): number;
}

/** A consumer group of one topic: its members, and what it has settled. */
export interface ConsumerGroup {
  /** The ids of all members, dead ones included until the broker notices. */
  readonly members: readonly string[];
  /** Adds a member and gives it its share. */
  join(clientId: string, sink: Sink): void;
  /** Takes a member out: resolves when all its partitions were drained and given back. */
  leave(clientId: string): Promise<void>;
  /** The member's process is dead: it is told nothing and nothing of it is recorded any more. It stays a member. */
  kill(clientId: string): void;
  /** The broker notices that a member is dead. */
  bury(clientId: string): void;
  /** Takes from a member what it owns without draining, as when a broker forgets its locks. */
  lose(clientId: string, reason: string): void;
  /** A message was stored in one of its queues. */
  arrived(stored: StoredMessage): void;
  /** Takes everything from everybody. */
  close(reason: string): void;
}

/** A group is done with a message: with the last group that is, it is settled. */
export function settleForGroup(stored: StoredMessage, retention: Retention, now: number): void {
  if (--stored.open === 0) retention.settle(stored, now);
}
