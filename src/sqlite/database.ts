import { existsSync, statSync } from "node:fs";
import process from "node:process";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** What a file is for: how its errors name it, and how it is known again. */
export interface FileKind {
  /** What it is called in messages, such as `store`. */
  readonly noun: string;
  /** Which application a file belongs to, as SQLite keeps it in its header. */
  readonly applicationId: number;
  /** The version of its tables. */
  readonly format: number;
  /** The statements that make its tables. */
  readonly tables: string;
}

/** How a database is opened. */
export interface OpenOptions {
  readonly readOnly?: boolean | undefined;
  /** How long a statement waits for another process, in milliseconds; nothing else runs meanwhile. */
  readonly timeoutMs?: number | undefined;
}

/** SQLite's code for a file that another connection has locked. */
const BUSY = 5;
/** SQLite's code for a disk, or a file, that cannot grow. */
const FULL = 13;

/** An error that says already what is wrong and what to do. */
class Refused extends Error {}

/** Opens a database. SQLite is loaded only now: programs that keep nothing in files run where there is none. */
export function openDatabase(path: string | URL, options: OpenOptions = {}): DatabaseSync {
  const sqlite = process.getBuiltinModule("node:sqlite");
  if (sqlite === undefined) {
    throw new Refused(
      `Cannot use "${path}": this runtime has no node:sqlite: use Deno, or Node 22.13 or later`,
    );
  }
  const { readOnly = false, timeoutMs = 0 } = options;
  return new sqlite.DatabaseSync(path, { readOnly, timeout: timeoutMs });
}

/**
 * Looks whose file it is, without writing a byte of it.
 *
 * @param timeoutMs how long a file that is locked is waited for, in milliseconds
 * @returns whether there is nothing yet
 * @throws {Error} when it is another application's, or of a later version of this library
 */
export function checkOwner(path: string, kind: FileKind, timeoutMs: number): boolean {
  if (!existsSync(path) || statSync(path).size === 0) return true;
  try {
    return isNewIn(openImmutable(path), path, kind);
  } catch (error) {
    if (error instanceof Refused) throw error;
    // Deno takes no URL unless it may do everything; and in the middle of a checkpoint the file alone is not whole. Where
    // a write-ahead log is kept, a reader may make that file, and an index.
    return isNewIn(openDatabase(path, { readOnly: true, timeoutMs }), path, kind);
  }
}

/** Makes the tables, or looks whether they are ours: within a transaction. Throws as {@linkcode checkOwner}. */
export function makeOrCheck(database: DatabaseSync, path: string, kind: FileKind): void {
  if (!isNew(database, path, kind)) return;
  database.exec(kind.tables);
  database.exec(`PRAGMA application_id = ${kind.applicationId}`);
  database.exec(`PRAGMA user_version = ${kind.format}`);
}

/** Does something within a transaction, which is taken back should it throw. */
export function transact<T>(database: DatabaseSync, mode: "IMMEDIATE" | "EXCLUSIVE", work: () => T): T {
  database.exec(`BEGIN ${mode}`);
  try {
    const answer = work();
    database.exec("COMMIT");
    return answer;
  } catch (error) {
    // Some errors have ended the transaction already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** What is committed from now on outlasts a power cut. */
export function flushToDisk(database: DatabaseSync): void {
  // Without the second, macOS leaves what is flushed in the memory of its disk; elsewhere that changes nothing.
  database.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON");
}

/** What a pragma answers. */
export function pragma(database: DatabaseSync, text: string): unknown {
  const [answer] = Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {});
  return answer;
}

/** Whether an error of SQLite says that another connection has locked the file. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === BUSY || says(error, /database is (?:locked|busy)|table is locked/);
}

/** Whether an error of SQLite says that the disk, or the file, cannot grow. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === FULL || says(error, /database or disk is full/);
}

/** SQLite's own code, without its refinements; absent where a statement was not prepared. */
function codeOf(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

function says(error: unknown, text: RegExp): boolean {
  return error instanceof Error && text.test(error.message);
}

/** Refuses a file: the message stands as it is. */
export function refuse(kind: FileKind, path: string, why: string): Error {
  return new Refused(`Cannot use the ${kind.noun} "${path}": ${why}`);
}

/** Says what an error means, and what to do. */
export function explained(kind: FileKind, path: string, cause: unknown): Error {
  if (cause instanceof Refused) return new Error(cause.message);
  const text = cause instanceof Error ? cause.message : String(cause);
  const what = /malformed|file is not a database|corrupt/.test(text)
    ? `the file is damaged, or no SQLite database: move it away, or restore it from a backup (${text})`
    : text;
  return new Error(`Cannot use the ${kind.noun} "${path}": ${what}`, { cause });
}

/** The file as it is, without what stands in journals beside it, and without a lock. */
function openImmutable(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return openDatabase(url, { readOnly: true });
}

function isNewIn(database: DatabaseSync, path: string, kind: FileKind): boolean {
  try {
    return isNew(database, path, kind);
  } finally {
    database.close();
  }
}

function isNew(database: DatabaseSync, path: string, kind: FileKind): boolean {
  const application = pragma(database, "application_id");
  const format = pragma(database, "user_version");
  if (application === kind.applicationId) {
    if (format === kind.format) return false;
    throw refuse(
      kind,
      path,
      `it has format ${format}, and this version of the library knows ${kind.format}: ` +
        "use the version that wrote it or a later one, or another file",
    );
  }
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() ?? {};
  if (application === 0 && format === 0 && tables === 0) return true;
  throw refuse(kind, path, "it is another application's database; write the path of a file of its own");
}
