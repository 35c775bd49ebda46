import { existsSync, rmSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { resolve } from "node:path";
import {
  checkOwner,
  explained,
  type FileKind,
  flushToDisk,
  isBusy,
  makeOrCheck,
  openDatabase,
  pragma,
  refuse,
  transact,
} from "../../sqlite/database.ts";
import type { BrokerSettings } from "./options.ts";

/** How long a file that another process has is waited for, in milliseconds: one that was killed lets go at once. */
const LOCKED_MS = 1_000;
/** How large the log beside the file may stay, in bytes. */
const LOG_BYTES = 64 * 1024 * 1024;

/**
 * Rows of messages have numbers in the order in which they came to stand in their queues. Those of a queue without a
 * place are held back. What is settled of a topic with groups follows from their commits, or, where messages are
 * settled by themselves, from `settled_at`.
 */
const TABLES = `
  CREATE TABLE broker (ownership TEXT NOT NULL) STRICT;
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    queues INTEGER NOT NULL,
    slots INTEGER,
    plan INTEGER NOT NULL,
    planned INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE queues (
    topic INTEGER NOT NULL, queue INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    PRIMARY KEY (topic, queue)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, topic INTEGER NOT NULL) STRICT;
  CREATE TABLE offsets (
    consumers INTEGER NOT NULL, queue INTEGER NOT NULL, committed INTEGER NOT NULL,
    once INTEGER NOT NULL, twice INTEGER NOT NULL, thrice INTEGER NOT NULL, written_at REAL NOT NULL,
    PRIMARY KEY (consumers, queue)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    place INTEGER,
    stored_at REAL NOT NULL,
    bytes INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    settled_at REAL,
    head TEXT NOT NULL,
    body BLOB NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
`;
/** "rkab". */
const KIND: FileKind = { noun: "broker file", applicationId: 0x726b6162, format: 1, tables: TABLES };

/** Files that this process has open, by device and number: whoever asks for one is told so without waiting for its lock. */
const opened = new Set<string>();

/** A broker file that nobody else can open until it is closed. */
export interface OpenFile {
  readonly database: DatabaseSync;
  /** Leaves one whole file, and lets go of it. */
  close(): void;
}

/**
 * Opens the file of an embedded broker, and makes it where there is none. Nobody else can open it until it is closed, or
 * its process has ended in whichever way.
 *
 * @throws {Error} saying what to do, when another broker has it, when it cannot be opened, is damaged, another
 * application's, or of a later version of this library; then nothing of it was changed
 */
export function openBrokerFile(file: string, ownership: BrokerSettings["ownership"]): OpenFile {
  const path = resolve(file);
  let database: DatabaseSync | undefined;
  try {
    if (opened.has(identityOf(path))) throw inUse(file, "another embedded broker of this process");
    const checked = look(path);
    database = openDatabase(path, { timeoutMs: LOCKED_MS });
    prepare(database, file, ownership);
    if (!checked) checkAnswer(pragma(database, "quick_check(1)"), file);
    const identity = identityOf(path);
    opened.add(identity);
    return openFile(database, identity);
  } catch (error) {
    database?.close();
    throw explained(KIND, file, isBusy(error) ? inUse(file, "another process") : error);
  }
}

/** Says what an error of SQLite means, and what to do. */
export function explainedFile(file: string, cause: unknown): Error {
  return explained(KIND, file, cause);
}

function openFile(database: DatabaseSync, identity: string): OpenFile {
  return {
    database,
    close: () => {
      opened.delete(identity);
      try {
        // Without the log beside it the file can be copied, and whoever only looks at it leaves nothing behind.
        pragma(database, "journal_mode = DELETE");
      } finally {
        database.close();
      }
    },
  };
}

/** Which file it is, by whatever name; nothing where there is none. */
function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.dev}:${stat.ino}`;
}

/**
 * Reads the whole file before anything could write to it.
 *
 * @returns whether it could: what SQLite has to repair first, it cannot only read
 */
function look(path: string): boolean {
  const index = `${path}-shm`;
  const made = !existsSync(index);
  if (checkOwner(path, KIND, LOCKED_MS)) return true;
  try {
    return checkPages(path);
  } finally {
    // Only readers make it, of what was left by a process that was killed. The file is ours: nobody else needs it.
    if (made) rmSync(index, { force: true });
  }
}

function checkPages(path: string): boolean {
  if ((statSync(`${path}-journal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return false;
  const database = openDatabase(path, { readOnly: true, timeoutMs: LOCKED_MS });
  try {
    checkAnswer(pragma(database, "quick_check(1)"), path);
  } finally {
    database.close();
  }
  return true;
}

function checkAnswer(answer: unknown, path: string): void {
  if (answer === "ok") return;
  throw refuse(
    KIND,
    path,
    `the file is damaged: move it away, or restore it from a backup (${
      String(answer).replaceAll("\n", " ")
    })`,
  );
}

function prepare(database: DatabaseSync, file: string, ownership: BrokerSettings["ownership"]): void {
  pragma(database, "locking_mode = EXCLUSIVE");
  transact(database, "EXCLUSIVE", () => {
    makeOrCheck(database, file, KIND);
    claim(database, file, ownership);
  });
  if (pragma(database, "journal_mode = WAL") !== "wal") {
    throw refuse(KIND, file, "it needs a file on a local disk, where SQLite can keep a write-ahead log");
  }
  // What was acknowledged must not be forgotten when the power fails.
  flushToDisk(database);
  pragma(database, `journal_size_limit = ${LOG_BYTES}`);
}

/** What is settled is kept in two ways: a file belongs to one of them. */
function claim(database: DatabaseSync, file: string, ownership: BrokerSettings["ownership"]): void {
  const made = database.prepare("SELECT ownership FROM broker").get()?.["ownership"];
  if (made === undefined) database.prepare("INSERT INTO broker VALUES (?)").run(ownership);
  else if (made !== ownership) {
    throw refuse(
      KIND,
      file,
      `it was made with ownership "${made}", not "${ownership}": use that, or another file`,
    );
  }
}

function inUse(file: string, who: string): Error {
  return refuse(
    KIND,
    file,
    `${who} has it open: close that first, or share one embeddedBroker({ file }) among the systems of a process`,
  );
}
