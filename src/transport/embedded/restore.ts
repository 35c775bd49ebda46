import type { Clock } from "../../async/clock.ts";
import type { BrokerFile, MessageRow, OffsetsRow } from "./broker_file.ts";
import type { JournalRows } from "./journal_rows.ts";
import type { CopiedMessage } from "./message_copy.ts";
import { messageOf } from "./message_text.ts";
import type { RestoredState } from "./offset_group.ts";
import type { Retention } from "./retention.ts";
import { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";
import { Topic } from "./topic.ts";
import { planOf, type Topics } from "./topics.ts";

/** A broker that is filled from its file. */
export interface Restored {
  readonly topics: Topics;
  readonly retention: Retention;
  readonly clock: Clock;
  /** Whether what is settled follows from commits. */
  readonly byOffset: boolean;
  /** Puts a message that is held back into its queue when it is due. */
  release(row: number, copied: CopiedMessage, topic: Topic, queue: StoredQueue, dueAtMs: number): void;
}

/** A topic, and what its groups have settled and started. */
interface KnownTopic {
  readonly topic: Topic;
  /** By group, then by queue. */
  readonly groups: Map<string, Map<number, OffsetsRow>>;
}

/**
 * Fills a broker with what its file holds: one row after the other, so that never more of it is in memory than retention
 * keeps.
 *
 * @throws {Error} when the rows contradict each other
 */
export function restore(file: BrokerFile, rows: JournalRows, into: Restored): void {
  const known = topicsOf(file, rows, into);
  let settledAtMs = -Infinity;
  for (const row of file.messages()) {
    rows.knows(row.id);
    const of = known.get(row.topic);
    const queue = of?.topic.queues[row.queue];
    if (of === undefined || queue === undefined) throw new Error("a message of it stands in no queue");
    if (row.place === null) {
      holdBack(row, of.topic, queue, into);
      continue;
    }
    const stored = storedOf(row, row.place, of, queue, into.byOffset);
    // What was settled long ago never stands behind what was settled later.
    if (stored.open === 0) settledAtMs = Math.max(settledAtMs, settledAt(of, row, into.clock));
    into.retention.restore(stored, settledAtMs);
  }
  for (const { topic, groups } of known.values()) {
    for (const [name, states] of groups) into.topics.restoreGroup(name, topic, statesOf(states));
  }
}

function holdBack(row: MessageRow, topic: Topic, queue: StoredQueue, into: Restored): void {
  into.retention.restoreHeldBack(row.bytes);
  const copied = { message: messageOf(row, topic.name), bytes: row.bytes };
  into.release(row.id, copied, topic, queue, row.storedAt);
}

function storedOf(
  row: MessageRow,
  place: number,
  of: KnownTopic,
  queue: StoredQueue,
  byOffset: boolean,
): StoredMessage {
  const { storedAt, bytes, id, starts, settledAt } = row;
  const open = byOffset ? groupsAbove(of, row.queue, place) : settledAt === null ? of.groups.size : 0;
  const { end } = queue;
  // A message takes the end of its queue for its place.
  queue.end = place;
  const stored = new StoredMessage(messageOf(row, of.topic.name), queue, storedAt, bytes, open, id);
  queue.end = Math.max(end, place + 1);
  stored.starts = stored.inherited = starts;
  return stored;
}

function statesOf(rows: ReadonlyMap<number, OffsetsRow>): ReadonlyMap<number, RestoredState> {
  const states = new Map<number, RestoredState>();
  for (const { queue, committed, once, twice, thrice } of rows.values()) {
    states.set(queue, { commit: committed, marks: [once, twice, thrice] });
  }
  return states;
}

function topicsOf(
  file: BrokerFile,
  rows: JournalRows,
  { topics }: Restored,
): ReadonlyMap<number, KnownTopic> {
  const known = new Map<number, KnownTopic>();
  for (const { id, name, queues, slots, plan, planned } of file.topics()) {
    const topic = topics.get(name) ?? new Topic(name, queues);
    topic.slots = slots ?? undefined;
    topic.plan = planOf(topic.refs, plan, planned);
    topics.restore(topic);
    rows.knowsTopic(name, id);
    known.set(id, { topic, groups: new Map() });
  }
  for (const { topic, queue, endsAt } of file.queues()) {
    const stored = known.get(topic)?.topic.queues[queue];
    if (stored !== undefined) stored.end = endsAt;
  }
  const groups = new Map<number, Map<number, OffsetsRow>>();
  for (const { id, name, topic } of file.groups()) {
    const states = new Map<number, OffsetsRow>();
    groups.set(id, states);
    rows.knowsGroup(name, id);
    known.get(topic)?.groups.set(name, states);
  }
  for (const row of file.offsets()) groups.get(row.consumers)?.set(row.queue, row);
  return known;
}

/** How many groups have not settled a message. */
function groupsAbove({ groups }: KnownTopic, queue: number, place: number): number {
  let open = 0;
  for (const states of groups.values()) if ((states.get(queue)?.committed ?? 0) <= place) open++;
  return open;
}

/**
 * When a settled message was settled, by the monotonic clock, which may be before that clock began. Commits do not say:
 * then it is when the last one of its queue was written.
 */
function settledAt({ groups }: KnownTopic, { queue, storedAt, settledAt }: MessageRow, clock: Clock): number {
  let atMs = settledAt ?? storedAt;
  if (settledAt === null) {
    for (const states of groups.values()) atMs = Math.max(atMs, states.get(queue)?.writtenAt ?? 0);
  }
  // A wall clock that was set back makes nothing stay for longer than it would from now on.
  return clock.monotonic() - Math.max(0, clock.now() - atMs);
}
