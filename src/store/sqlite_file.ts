import type { DatabaseSync } from "node:sqlite";
import {
  checkOwner,
  explained as explainedAs,
  type FileKind,
  flushToDisk,
  makeOrCheck,
  openDatabase,
  pragma,
  refuse,
  transact,
} from "../sqlite/database.ts";

/** How long a file that another process opens at the same time is waited for, in milliseconds. */
const OPEN_TIMEOUT_MS = 5_000;

/**
 * Ids are claims' tokens: AUTOINCREMENT never gives one twice, also not after rows were deleted. The totals are kept
 * by triggers, because counting rows takes as long as there are rows.
 */
const TABLES = `
  CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contract TEXT NOT NULL,
    method TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome BLOB,
    bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (contract, method, key)
  ) STRICT;
  CREATE TABLE totals (outcomes INTEGER NOT NULL, bytes INTEGER NOT NULL, evicted INTEGER NOT NULL) STRICT;
  INSERT INTO totals VALUES (0, 0, 0);
  CREATE TRIGGER outcome_added AFTER INSERT ON outcomes BEGIN
    UPDATE totals SET outcomes = outcomes + 1;
  END;
  CREATE TRIGGER outcome_finished AFTER UPDATE OF bytes ON outcomes BEGIN
    UPDATE totals SET bytes = bytes + new.bytes - old.bytes;
  END;
  CREATE TRIGGER outcome_removed AFTER DELETE ON outcomes BEGIN
    UPDATE totals SET outcomes = outcomes - 1, bytes = bytes - old.bytes;
  END;
`;

/** "rkao". */
const STORE: FileKind = { noun: "store", applicationId: 0x726b616f, format: 1, tables: TABLES };

/**
 * Opens the file of an outcome store, and makes it where there is none.
 *
 * @param path where it is
 * @param busyMs how long a statement waits for another process, in milliseconds; nothing else runs meanwhile
 * @throws {Error} saying what is wrong, when it cannot be opened, is damaged, another application's, or of a later
 * version of this library; then nothing of it was changed
 */
export function openOutcomeFile(path: string, busyMs: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    checkOwner(path, STORE, OPEN_TIMEOUT_MS);
    database = openDatabase(path, { timeoutMs: OPEN_TIMEOUT_MS });
    prepare(database, path);
    database.exec(`PRAGMA busy_timeout = ${busyMs}`);
    return database;
  } catch (error) {
    database?.close();
    throw explained(path, error);
  }
}

/** Says what an error of SQLite means, and what to do. */
export function explained(path: string, cause: unknown): Error {
  return explainedAs(STORE, path, cause);
}

function prepare(database: DatabaseSync, path: string): void {
  if (pragma(database, "journal_mode = WAL") !== "wal") {
    throw refuse(STORE, path, "it needs a file on a local disk, where SQLite can keep a write-ahead log");
  }
  // An outcome that was remembered must not be forgotten when the power fails.
  flushToDisk(database);
  transact(database, "IMMEDIATE", () => makeOrCheck(database, path, STORE));
}
