import type { BrokerFile } from "./broker_file.ts";
import type { Place } from "./journal.ts";
import type { CopiedMessage } from "./message_copy.ts";
import { checksumOf, headOf } from "./message_text.ts";
import type { QueueState } from "./offset_group.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";
import type { Topic } from "./topic.ts";

/** A message that is to be written. */
export interface WrittenMessage {
  readonly copied: CopiedMessage;
  readonly queue: StoredQueue;
  /** When it was stored, or is due; epoch milliseconds. */
  readonly atMs: number;
  readonly heldBack: boolean;
  /** Its row, once it is written. */
  row: number;
}

/** A message that was held back and gets its place. */
export interface ReleasedMessage {
  readonly row: number;
  readonly queue: StoredQueue;
  readonly storedAtMs: number;
  readonly place: Place<void>;
  /** Its new row, once it is written. */
  to: number;
}

/** What nobody has to ask for again: it is kept until it is written. */
export interface Debts {
  readonly topics: Set<Topic>;
  /** Topics by the groups that consume them. */
  readonly groups: Map<string, string>;
  readonly released: ReleasedMessage[];
  readonly progressed: Set<QueueState>;
  readonly changed: Set<StoredMessage>;
  /** Rows of messages. */
  readonly dropped: number[];
}

/** Writes what a journal was told as rows, and gives them their numbers. */
export class JournalRows {
  readonly #file: BrokerFile;
  readonly #topics = new Map<string, number>();
  readonly #groups = new Map<string, number>();
  #last = 0;

  constructor(file: BrokerFile) {
    this.#file = file;
  }

  /** A row that stands in the file. */
  knows(row: number): void {
    this.#last = Math.max(this.#last, row);
  }

  /** A topic that stands in the file. */
  knowsTopic(name: string, id: number): void {
    this.#topics.set(name, id);
  }

  /** A group that stands in the file. */
  knowsGroup(name: string, id: number): void {
    this.#groups.set(name, id);
  }

  /** Writes everything, within a transaction. Should that fail, all of it can be written again. */
  write(
    asked: readonly { readonly message: WrittenMessage | undefined }[],
    debts: Debts,
    nowMs: number,
  ): void {
    for (const topic of debts.topics) this.#writeTopic(topic);
    for (const [name, topic] of debts.groups) {
      this.#file.writeGroup({ id: idOf(name, this.#groups), name, topic: idOf(topic, this.#topics) });
    }
    const ends = new Map<StoredQueue, number>();
    for (const released of debts.released) {
      released.to = ++this.#last;
      this.#file.release(released.row, released.to, nextPlace(released.queue, ends), released.storedAtMs);
    }
    for (const { message } of asked) if (message !== undefined) this.#writeMessage(message, ends);
    for (const [{ ref }, end] of ends) this.#file.writeEnd(idOf(ref.topic, this.#topics), ref.id, end);
    for (const state of debts.progressed) this.#writeOffsets(state, nowMs);
    for (const { row, starts, open } of debts.changed) {
      this.#file.writeDelivery(row, starts, open === 0 ? nowMs : null);
    }
    for (const row of debts.dropped) this.#file.remove(row);
  }

  #writeTopic({ name, queues, slots, plan }: Topic): void {
    this.#file.writeTopic({
      id: idOf(name, this.#topics),
      name,
      queues: queues.length,
      slots: slots ?? null,
      plan: plan.number,
      planned: plan.queues.length,
    });
  }

  #writeMessage(message: WrittenMessage, ends: Map<StoredQueue, number>): void {
    const { copied, queue, atMs, heldBack } = message;
    message.row = ++this.#last;
    const head = headOf(copied.message);
    const { body } = copied.message;
    this.#file.insert({
      id: message.row,
      topic: idOf(queue.ref.topic, this.#topics),
      queue: queue.ref.id,
      place: heldBack ? null : nextPlace(queue, ends),
      storedAt: atMs,
      bytes: copied.bytes,
      head,
      body,
      checksum: checksumOf(head, body),
    });
  }

  #writeOffsets({ group, queue, commit, marks: [once, twice, thrice] }: QueueState, writtenAt: number): void {
    this.#file.writeOffsets({
      consumers: idOf(group, this.#groups),
      queue: queue.ref.id,
      committed: commit,
      once,
      twice,
      thrice,
      writtenAt,
    });
  }
}

/** The number of a name, which gets one the first time. */
function idOf(name: string, ids: Map<string, number>): number {
  let id = ids.get(name);
  if (id === undefined) ids.set(name, id = ids.size + 1);
  return id;
}

/** The place of the next message of a queue: as it will be in memory, once all of the transaction is placed. */
function nextPlace(queue: StoredQueue, ends: Map<StoredQueue, number>): number {
  const place = ends.get(queue) ?? queue.end;
  ends.set(queue, place + 1);
  return place;
}
