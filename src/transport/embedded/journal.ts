import type { CopiedMessage } from "./message_copy.ts";
import type { QueueState } from "./offset_group.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";
import type { Topic } from "./topic.ts";

/** Puts a message that is on record into memory, under the row by which the journal knows it from now on. */
export type Place<T> = (row: number) => T;

/**
 * What keeps a broker's messages beyond its process; a broker without one keeps them in memory only. What it is told of
 * in one turn goes on record together, in one transaction, and in the order in which it was told.
 */
export interface Journal {
  /**
   * Records a message, then has it placed: nobody sees it before. Rejects with `unavailable` where that failed, `not_sent`
   * or `sent_unknown`; then it is placed nowhere.
   */
  store<T>(copied: CopiedMessage, queue: StoredQueue, storedAtMs: number, place: Place<T>): Promise<T>;
  /** Records a message that is held back until then, epoch milliseconds. Fails as {@linkcode Journal.store}. */
  holdBack<T>(copied: CopiedMessage, queue: StoredQueue, dueAtMs: number, place: Place<T>): Promise<T>;
  /** A message that was held back is due. It is placed once that is on record, which is tried until it succeeds. */
  release(row: number, queue: StoredQueue, storedAtMs: number, place: Place<void>): void;
  /** A topic was made or changed. */
  topic(topic: Topic): void;
  /** A group of a topic was made. */
  group(name: string, topic: string): void;
  /** The commit or a mark of a queue has moved. */
  progressed(state: QueueState): void;
  /** A message that is settled by itself was delivered, or settled. */
  changed(stored: StoredMessage): void;
  /** A message is no longer kept. */
  dropped(stored: StoredMessage): void;
  /**
   * Resolves once all that was told so far is on record, but for messages that are to be stored, which have answers of
   * their own. Waits for as long as it takes: while there is no room on the disk, say. Rejects only when nothing will be
   * recorded any more.
   */
  recorded(): Promise<void>;
  /** The same, but fails as {@linkcode Journal.store} when its transaction does. */
  flushed(): Promise<void>;
  /** Records what it was told, and lets go of the file. Nothing is recorded any more. */
  close(): void;
}
