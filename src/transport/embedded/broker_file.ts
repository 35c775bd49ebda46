import type { DatabaseSync, StatementSync } from "node:sqlite";
import { pragma } from "../../sqlite/database.ts";
import type { OpenFile } from "./open_broker_file.ts";

/** A topic as it is kept. */
export interface TopicRow {
  readonly id: number;
  readonly name: string;
  readonly queues: number;
  readonly slots: number | null;
  /** The number of its queue plan, and how many queues that has. */
  readonly plan: number;
  readonly planned: number;
}

/** Where a queue ends. */
export interface QueueRow {
  readonly topic: number;
  readonly queue: number;
  readonly endsAt: number;
}

/** A consumer group. */
export interface GroupRow {
  readonly id: number;
  readonly name: string;
  readonly topic: number;
}

/** What a group has settled and started of one queue. */
export interface OffsetsRow {
  readonly consumers: number;
  readonly queue: number;
  readonly committed: number;
  readonly once: number;
  readonly twice: number;
  readonly thrice: number;
  /** Epoch milliseconds. */
  readonly writtenAt: number;
}

/** A message. */
export interface MessageRow {
  readonly id: number;
  readonly topic: number;
  readonly queue: number;
  /** Its offset; `null` while it is held back. */
  readonly place: number | null;
  /** When it was stored, or, while it is held back, when it is due; epoch milliseconds. */
  readonly storedAt: number;
  /** What it counts for in retention. */
  readonly bytes: number;
  /** How often it was delivered, where messages are settled by themselves. */
  readonly starts: number;
  /** When it was settled by itself; epoch milliseconds. */
  readonly settledAt: number | null;
  readonly head: string;
  readonly body: Uint8Array;
  /** Of head and body: SQLite itself has none. */
  readonly checksum: number;
}

/** The file of a broker: what is read once, when it is opened, and what is written in transactions. */
export class BrokerFile {
  readonly #open: OpenFile;
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #topic: StatementSync;
  readonly #end: StatementSync;
  readonly #group: StatementSync;
  readonly #offsets: StatementSync;
  readonly #insert: StatementSync;
  readonly #release: StatementSync;
  readonly #deliver: StatementSync;
  readonly #remove: StatementSync;

  constructor(open: OpenFile) {
    this.#open = open;
    const database = this.#database = open.database;
    this.#begin = database.prepare("BEGIN");
    this.#commit = database.prepare("COMMIT");
    this.#topic = database.prepare("INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?, ?)");
    this.#end = database.prepare("INSERT OR REPLACE INTO queues VALUES (?, ?, ?)");
    this.#group = database.prepare("INSERT OR REPLACE INTO groups VALUES (?, ?, ?)");
    this.#offsets = database.prepare("INSERT OR REPLACE INTO offsets VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#insert = database.prepare("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, 0, NULL, ?, ?, ?)");
    this.#release = database.prepare("UPDATE messages SET id = ?, place = ?, stored_at = ? WHERE id = ?");
    this.#deliver = database.prepare("UPDATE messages SET starts = ?, settled_at = ? WHERE id = ?");
    this.#remove = database.prepare("DELETE FROM messages WHERE id = ?");
  }

  /** Begins a transaction. */
  begin(): void {
    this.#begin.run();
  }

  /** Ends what was begun: it is on the disk when this returns. */
  commit(): void {
    this.#commit.run();
  }

  /** Takes back what was written. Some errors have done so already. */
  rollback(): void {
    if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
  }

  /** Writes a page as it is: that succeeds where there is room. */
  touch(): void {
    this.#database.exec(`PRAGMA user_version = ${String(pragma(this.#database, "user_version"))}`);
  }

  close(): void {
    this.#open.close();
  }

  /** All topics. The rows of these queries are of the types of their tables, which are STRICT. */
  topics(): readonly TopicRow[] {
    return this.#all(
      "SELECT id, name, queues, slots, plan, planned FROM topics ORDER BY id",
    ) as unknown as TopicRow[];
  }

  queues(): readonly QueueRow[] {
    return this.#all("SELECT topic, queue, ends_at AS endsAt FROM queues") as unknown as QueueRow[];
  }

  groups(): readonly GroupRow[] {
    return this.#all("SELECT id, name, topic FROM groups ORDER BY id") as unknown as GroupRow[];
  }

  offsets(): readonly OffsetsRow[] {
    const columns = "consumers, queue, committed, once, twice, thrice, written_at AS writtenAt";
    return this.#all(`SELECT ${columns} FROM offsets`) as unknown as OffsetsRow[];
  }

  /** All messages, one after the other: those of a queue in queue order, those held back among them. */
  messages(): Iterable<MessageRow> {
    const columns =
      "id, topic, queue, place, stored_at AS storedAt, bytes, starts, settled_at AS settledAt, head, body, checksum";
    const rows = this.#database.prepare(`SELECT ${columns} FROM messages ORDER BY id`).iterate();
    return rows as unknown as Iterable<MessageRow>;
  }

  writeTopic({ id, name, queues, slots, plan, planned }: TopicRow): void {
    this.#topic.run(id, name, queues, slots, plan, planned);
  }

  writeEnd(topic: number, queue: number, endsAt: number): void {
    this.#end.run(topic, queue, endsAt);
  }

  writeGroup({ id, name, topic }: GroupRow): void {
    this.#group.run(id, name, topic);
  }

  writeOffsets({ consumers, queue, committed, once, twice, thrice, writtenAt }: OffsetsRow): void {
    this.#offsets.run(consumers, queue, committed, once, twice, thrice, writtenAt);
  }

  insert(row: Omit<MessageRow, "starts" | "settledAt">): void {
    const { id, topic, queue, place, storedAt, bytes, head, body, checksum } = row;
    this.#insert.run(id, topic, queue, place, storedAt, bytes, head, body, checksum);
  }

  /** Gives a message that was held back its place, behind all others. */
  release(id: number, to: number, place: number, storedAt: number): void {
    this.#release.run(to, place, storedAt, id);
  }

  writeDelivery(id: number, starts: number, settledAt: number | null): void {
    this.#deliver.run(starts, settledAt, id);
  }

  remove(id: number): void {
    this.#remove.run(id);
  }

  #all(query: string): Record<string, unknown>[] {
    return this.#database.prepare(query).all();
  }
}
