import { DatabaseSync } from "node:sqlite";

/** Which application a file belongs to, as SQLite keeps it in its header: "rkao". */
const APPLICATION_ID = 0x726b616f;
/** The version of the tables below. */
const FORMAT = 1;
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

/**
 * Opens the file of an outcome store, and makes it where there is none.
 *
 * @param path where it is
 * @param busyMs how long a statement waits for another process, in milliseconds; nothing else runs meanwhile
 * @throws {Error} saying what is wrong, when it cannot be opened, is damaged, another application's, or of a later
 * version of this library
 */
export function openOutcomeFile(path: string, busyMs: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
    prepare(database, path);
    database.exec(`PRAGMA busy_timeout = ${busyMs}`);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof Refused ? new Error(error.message) : explained(path, error);
  }
}

/** Whether an error of SQLite says that another process is writing. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is (?:locked|busy)|table is locked/.test(error.message);
}

/** Says what an error of SQLite means, and what to do. */
export function explained(path: string, cause: unknown): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  const what = /malformed|file is not a database|corrupt/.test(text)
    ? `the file is damaged, or no SQLite database: move it away, or restore it from a backup (${text})`
    : text;
  return new Error(`Cannot use the store "${path}": ${what}`, { cause });
}

class Refused extends Error {}

function prepare(database: DatabaseSync, path: string): void {
  const mode = pragma(database, "journal_mode = WAL", "journal_mode");
  if (mode !== "wal") {
    throw new Refused(
      `Cannot use the store "${path}": it needs a file on a local disk, where SQLite can keep a write-ahead log`,
    );
  }
  // An outcome that was remembered must not be forgotten when the power fails.
  database.exec("PRAGMA synchronous = FULL");
  database.exec("BEGIN IMMEDIATE");
  try {
    check(database, path);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function check(database: DatabaseSync, path: string): void {
  const application = pragma(database, "application_id", "application_id");
  const format = pragma(database, "user_version", "user_version");
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() ?? {};
  if (application === 0 && format === 0 && tables === 0) {
    database.exec(TABLES);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${FORMAT}`);
  } else if (application !== APPLICATION_ID) {
    throw new Refused(
      `Cannot use the store "${path}": it is another application's database; write the path of a file of its own`,
    );
  } else if (format !== FORMAT) {
    throw new Refused(
      `Cannot use the store "${path}": it has format ${format}, and this version of the library knows ${FORMAT}: ` +
        "use the version that wrote it or a later one, or another file",
    );
  }
}

function pragma(database: DatabaseSync, text: string, column: string): unknown {
  return database.prepare(`PRAGMA ${text}`).get()?.[column];
}
