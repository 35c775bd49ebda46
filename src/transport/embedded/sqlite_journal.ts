import { clearImmediate, setImmediate } from "node:timers";
import type { Timer } from "../../async/clock.ts";
import { createDeferred, type Deferred } from "../../async/deferred.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { isFull } from "../../sqlite/database.ts";
import type { TransportState } from "../transport.ts";
import type { BrokerFile } from "./broker_file.ts";
import {
  JOURNAL_BATCH_BYTES,
  JOURNAL_BATCH_MESSAGES,
  JOURNAL_LAZY_MS,
  JOURNAL_RETRY_MS,
} from "./defaults.ts";
import { gone, RECORDED } from "./gone.ts";
import type { Journal, Place } from "./journal.ts";
import type { Debts, JournalRows, WrittenMessage } from "./journal_rows.ts";
import type { CopiedMessage } from "./message_copy.ts";
import type { QueueState } from "./offset_group.ts";
import { explainedFile } from "./open_broker_file.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";
import type { Topic } from "./topic.ts";

/** What a journal needs from its broker. */
export interface JournalHost {
  /** Epoch milliseconds. */
  now(): number;
  after(ms: number, callback: () => void): Timer;
  /** Whether it can write has changed. After `failed` it is closed. */
  wrote(state: TransportState, reason: string): void;
}

/** Something asked for that fails with its transaction. */
interface Asked {
  /** Absent where only the transaction is waited for. */
  readonly message: WrittenMessage | undefined;
  /** Its transaction is on disk. */
  done(): void;
  failed(error: RpcError): void;
}

const log = logger("transport");

/**
 * Records in a SQLite file. What came in one turn of the event loop shares a transaction, which is on the disk when it
 * is over; the process waits for that, a fraction of a millisecond on a good disk. What nobody waits for goes along, or
 * alone after a while.
 *
 * Where the disk is full, what is asked for fails and may be asked for again; what is owed (settlements, starts,
 * deletions) is kept and tried again. After any other failure nobody can tell what is on the disk: it gives up.
 */
export class SqliteJournal implements Journal {
  readonly #path: string;
  readonly #file: BrokerFile;
  readonly #rows: JournalRows;
  readonly #host: JournalHost;
  #asked: Asked[] = [];
  #debts: Debts = noDebts();
  /** Settled when what is owed now is on record. */
  #recorded: Deferred<void> | undefined;
  #soon: ReturnType<typeof setImmediate> | undefined;
  #later: Timer | undefined;
  #full = false;
  #closed = false;

  /**
   * @param path for messages
   * @param file open; it is closed with the journal
   * @param rows knows what stands in it
   */
  constructor(path: string, file: BrokerFile, rows: JournalRows, host: JournalHost) {
    this.#path = path;
    this.#file = file;
    this.#rows = rows;
    this.#host = host;
  }

  store<T>(copied: CopiedMessage, queue: StoredQueue, storedAtMs: number, place: Place<T>): Promise<T> {
    return this.#ask({ copied, queue, atMs: storedAtMs, heldBack: false, row: 0 }, place);
  }

  holdBack<T>(copied: CopiedMessage, queue: StoredQueue, dueAtMs: number, place: Place<T>): Promise<T> {
    return this.#ask({ copied, queue, atMs: dueAtMs, heldBack: true, row: 0 }, place);
  }

  release(row: number, queue: StoredQueue, storedAtMs: number, place: Place<void>): void {
    if (this.#closed) return;
    this.#debts.released.push({ row, queue, storedAtMs, place, to: 0 });
    this.#flushSoon();
  }

  topic(topic: Topic): void {
    this.#debts.topics.add(topic);
    this.#flushLater();
  }

  group(name: string, topic: string): void {
    this.#debts.groups.set(name, topic);
    this.#flushLater();
  }

  progressed(state: QueueState): void {
    this.#debts.progressed.add(state);
    this.#flushLater();
  }

  changed(stored: StoredMessage): void {
    this.#debts.changed.add(stored);
    this.#flushLater();
  }

  dropped(stored: StoredMessage): void {
    if (this.#closed) return;
    this.#debts.changed.delete(stored);
    this.#debts.dropped.push(stored.row);
    this.#flushLater();
  }

  recorded(): Promise<void> {
    if (this.#closed) {
      const refused = Promise.reject(gone());
      refused.catch(() => {});
      return refused;
    }
    if (this.#recorded === undefined) {
      if (isEmpty(this.#debts)) return RECORDED;
      this.#recorded = createDeferred();
      this.#recorded.promise.catch(() => {});
      this.#flushSoon();
    }
    return this.#recorded.promise;
  }

  flushed(): Promise<void> {
    return this.#ask(undefined, () => {});
  }

  close(): void {
    if (this.#closed) return;
    // As long as each transaction succeeds: a failing one takes all its requests with it.
    do this.#flush(); while (this.#asked.length > 0);
    // It may have given up on the way.
    if (!this.#closed) {
      this.#end(new RpcError("unavailable", "The embedded broker is closed", { outcome: "not_sent" }));
    }
  }

  #ask<T>(message: WrittenMessage | undefined, place: Place<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(
        new RpcError("unavailable", "The embedded broker is closed", { outcome: "not_sent" }),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.#asked.push({ message, done: () => resolve(place(message?.row ?? 0)), failed: reject });
      this.#flushSoon();
    });
  }

  #flushSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#flush();
    });
  }

  #flushLater(ms = JOURNAL_LAZY_MS): void {
    if (this.#closed) return;
    this.#later ??= this.#host.after(ms, () => {
      this.#later = undefined;
      if (this.#full || !isEmpty(this.#debts)) this.#flush();
    });
  }

  #flush(): void {
    if (this.#closed) return;
    const batch = this.#takeBatch();
    if (batch.length === 0 && isEmpty(this.#debts) && !this.#full) return;
    const debts = this.#debts;
    let certain = true;
    try {
      this.#file.begin();
      // A transaction without anything succeeds on a full disk too.
      if (this.#full) this.#file.touch();
      this.#rows.write(batch, debts, this.#host.now());
      certain = false;
      this.#file.commit();
    } catch (error) {
      return this.#failed(batch, error, certain);
    }
    // What is done now may owe something again.
    this.#debts = noDebts();
    this.#done(batch, debts);
    if (this.#asked.length > 0) this.#flushSoon();
  }

  #takeBatch(): readonly Asked[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.#asked) {
      bytes += message?.copied.bytes ?? 0;
      if (count > 0 && (count === JOURNAL_BATCH_MESSAGES || bytes > JOURNAL_BATCH_BYTES)) break;
      count++;
    }
    return this.#asked.splice(0, count);
  }

  #done(batch: readonly Asked[], { released }: Debts): void {
    const recorded = this.#recorded;
    this.#recorded = undefined;
    if (this.#full) {
      this.#full = false;
      log.info(EVENTS.transport.fileWritable, { file: this.#path });
      this.#host.wrote("connected", "The file can be written again");
    }
    for (const { to, place } of released) place(to);
    for (const { done } of batch) done();
    recorded?.resolve();
  }

  #failed(batch: readonly Asked[], cause: unknown, certain: boolean): void {
    const full = isFull(cause);
    const error = explainedFile(this.#path, cause);
    this.#rollBack();
    // What a full disk has no room for has no end there, so that SQLite takes no part of it for written.
    const outcome = certain || full ? "not_sent" : "sent_unknown";
    for (const { failed } of batch) failed(new RpcError("unavailable", error.message, { outcome, cause }));
    if (!full) return this.#giveUp(error);
    if (!this.#full) {
      this.#full = true;
      log.error(EVENTS.transport.fileFull, { file: this.#path, error });
      this.#host.wrote("degraded", `${error.message}: nothing is sent until there is room`);
    }
    if (this.#asked.length > 0) this.#flushSoon();
    this.#flushLater(JOURNAL_RETRY_MS);
  }

  #rollBack(): void {
    try {
      this.#file.rollback();
    } catch (error) {
      log.warn(EVENTS.transport.roundFailed, { what: "Rolling back", error });
    }
  }

  #giveUp(error: Error): void {
    log.error(EVENTS.transport.fileFailed, { file: this.#path, error });
    this.#end(new RpcError("unavailable", error.message, { outcome: "not_sent" }));
    this.#host.wrote("failed", error.message);
  }

  #end(reason: RpcError): void {
    this.#closed = true;
    clearImmediate(this.#soon);
    this.#later?.cancel();
    for (const { failed } of this.#asked.splice(0)) failed(reason);
    this.#recorded?.reject(gone());
    try {
      this.#file.close();
    } catch (error) {
      log.error(EVENTS.transport.fileFailed, { file: this.#path, error });
    }
  }
}

function noDebts(): Debts {
  return {
    topics: new Set(),
    groups: new Map(),
    released: [],
    progressed: new Set(),
    changed: new Set(),
    dropped: [],
  };
}

function isEmpty({ topics, groups, released, progressed, changed, dropped }: Debts): boolean {
  return topics.size + groups.size + released.length + progressed.size + changed.size + dropped.length === 0;
}
