import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { Backoff } from "../async/backoff.ts";
import { type Clock, systemClock, type Timer } from "../async/clock.ts";
import { type Random, systemRandom } from "../async/random.ts";
import {
  type BeginOptions,
  type Begun,
  type Claim,
  type Finding,
  type OutcomeStore,
  type Retention,
  retentionOf,
  type RetentionOptions,
  type Unknown,
  type Work,
} from "./outcome_store.ts";
import { isBusy, transact } from "../sqlite/database.ts";
import { explained, openOutcomeFile } from "./sqlite_file.ts";
import { Statements } from "./sqlite_statements.ts";

/** How a store in a file is built. */
export interface SqliteStoreOptions extends RetentionOptions {
  /** Where its time comes from. All processes that share the file need the same. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** Where the pauses come from while other processes write. Default: the machine's randomness. */
  readonly random?: Random | undefined;
}

/** One thing asked of the store. */
interface Request {
  /** Whether it changes anything. */
  readonly writes: boolean;
  /** Bytes that it writes, about. */
  readonly bytes: number;
  /** Asks the database; called again when the transaction had to be repeated. */
  run(): unknown;
  resolve(answer: unknown): void;
  reject(reason: Error): void;
}

const DEFAULTS = { maxOutcomes: 1_000_000, maxBytes: 1024 * 1024 * 1024 } as const;
/** Requests that one transaction answers at most: the event loop stands still meanwhile. */
const BATCH_REQUESTS = 256;
/** Bytes that one transaction writes at most; a single larger outcome is written alone. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** How long a statement waits for another process, in milliseconds: nothing else runs meanwhile. */
const BUSY_MS = 5;
/** First and longest pause while another process writes, in milliseconds. */
const BUSY_PAUSE_MS = { initialMs: 2, maxMs: 50 } as const;
/** How long a transaction that other processes keep out is tried again, in milliseconds. */
const BUSY_LIMIT_MS = 5_000;
/** How often what is too old is looked for, in milliseconds. */
const FORGET_EVERY_MS = 1_000;

/**
 * Remembers outcomes in a SQLite file: for the systems of one host, in any number of processes. What is asked for
 * in one turn is answered in one transaction, which is on the disk before anybody is told. Holds at most 1,000,000
 * pieces of work and 1 GiB of outcomes unless told otherwise, each for a day.
 *
 * A request rejects with an `Error` when the file cannot be used, or other processes kept it locked for 5 s.
 */
export class SqliteStore implements OutcomeStore, AsyncDisposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #retention: Retention;
  readonly #statements: Statements;
  #waiting: Request[] = [];
  #scheduled = false;
  #pause: Timer | undefined;
  #busySinceMs: number | undefined;
  #forgotAtMs = -Infinity;
  readonly #backoff: Backoff;
  readonly #onIdle: (() => void)[] = [];
  #closed = false;

  /** Opens the file; throws as {@linkcode sqliteStore}. */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    this.#path = path;
    this.#clock = options.clock ?? systemClock;
    this.#retention = retentionOf(options, DEFAULTS);
    this.#backoff = new Backoff({ ...BUSY_PAUSE_MS, random: options.random ?? systemRandom });
    this.#database = openOutcomeFile(path, BUSY_MS);
    this.#statements = new Statements(this.#database);
  }

  /** Pieces of work remembered, those under way included, and outcomes forgotten early because there was no room. */
  totals(): { readonly outcomes: number; readonly bytes: number; readonly evicted: number } {
    return this.#statements.totals();
  }

  /** As the port says. */
  find(work: Work): Promise<Finding | Unknown> {
    return this.#ask(false, () => this.#found(work));
  }

  /** As the port says. */
  begin(work: Work, { leaseMs, takeOver }: BeginOptions): Promise<Finding | Begun> {
    return this.#ask<Finding | Begun>(true, () => {
      const found = this.#found(work);
      if (found.kind !== "unknown" && !(found.kind === "orphaned" && takeOver)) return found;
      const token = this.#statements.begin(work, this.#clock.now() + leaseMs);
      return { kind: "begun", claim: { work, token } };
    });
  }

  /** As the port says. */
  renew(claims: readonly Claim[], leaseMs: number): Promise<void> {
    return this.#ask(true, () => {
      const endsAt = this.#clock.now() + leaseMs;
      for (const { token } of claims) this.#statements.renew(token, endsAt);
    });
  }

  /** As the port says. */
  finish({ work: { key }, token }: Claim, outcome: Uint8Array): Promise<boolean> {
    const run = () => this.#statements.finish(token, key, outcome, this.#clock.now());
    return this.#ask(true, run, outcome.length);
  }

  /** As the port says. */
  release({ token }: Claim): Promise<void> {
    return this.#ask(true, () => this.#statements.release(token));
  }

  /** Answers what was asked before, and closes the file. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.#database.close();
  }

  /** As {@linkcode SqliteStore.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ask<T>(writes: boolean, run: () => T, bytes = 0): Promise<T> {
    if (this.#closed) return Promise.reject(new Error(`Cannot use the store "${this.#path}": it is closed`));
    return new Promise<T>((resolve, reject) => {
      // The answer is what `run` returned, so it is a T.
      this.#waiting.push({ writes, bytes, run, resolve: (answer) => resolve(answer as T), reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#pause !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#takeBatch();
    let answers: unknown[];
    try {
      answers = batch.some(({ writes }) => writes) ? this.#transact(batch) : batch.map(({ run }) => run());
    } catch (error) {
      if (this.#triesAgain(error)) return;
      this.#waiting.splice(0, batch.length);
      for (const { reject } of batch) reject(explained(this.#path, error));
      return this.#goOn();
    }
    this.#busySinceMs = undefined;
    this.#backoff.reset();
    this.#waiting.splice(0, batch.length);
    batch.forEach(({ resolve }, index) => resolve(answers[index]));
    this.#goOn();
  }

  #takeBatch(): readonly Request[] {
    let bytes = 0;
    let count = 0;
    for (const request of this.#waiting) {
      bytes += request.bytes;
      if (count > 0 && (count === BATCH_REQUESTS || bytes > BATCH_BYTES)) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  #transact(batch: readonly Request[]): unknown[] {
    return transact(this.#database, "IMMEDIATE", () => {
      const answers = batch.map(({ run }) => run());
      this.#forget();
      return answers;
    });
  }

  #goOn(): void {
    if (this.#waiting.length > 0) return this.#schedule();
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Waits without blocking while another process writes; `false` when it is no use. */
  #triesAgain(error: unknown): boolean {
    if (!isBusy(error)) return false;
    const now = this.#clock.monotonic();
    this.#busySinceMs ??= now;
    if (now - this.#busySinceMs >= BUSY_LIMIT_MS) {
      this.#busySinceMs = undefined;
      return false;
    }
    this.#pause = this.#clock.after(this.#backoff.next(), () => {
      this.#pause = undefined;
      this.#schedule();
    });
    return true;
  }

  #found(work: Work): Finding | Unknown {
    const row = this.#statements.find(work);
    if (row === undefined) return { kind: "unknown" };
    const now = this.#clock.now();
    if (row.finishedAt !== null && now - row.finishedAt >= this.#retention.keepMs) return { kind: "unknown" };
    if (row.digest !== work.digest) return { kind: "conflict" };
    if (row.outcome !== null) return { kind: "finished", outcome: row.outcome };
    return row.endsAt > now ? { kind: "running", leaseMs: row.endsAt - now } : { kind: "orphaned" };
  }

  /** Drops the oldest where there is too much, and now and then what is too old. Never work under way. */
  #forget(): void {
    const { keepMs, maxOutcomes, maxBytes } = this.#retention;
    const now = this.#clock.now();
    const { outcomes, bytes } = this.#statements.totals();
    if (outcomes > maxOutcomes || bytes > maxBytes) this.#statements.evict(maxOutcomes, maxBytes, now);
    if (this.#clock.monotonic() - this.#forgotAtMs < FORGET_EVERY_MS) return;
    this.#forgotAtMs = this.#clock.monotonic();
    this.#statements.forget(now - keepMs);
  }
}

/**
 * Opens a store in a SQLite file, and makes the file where there is none: for the systems of one host, in any number
 * of processes.
 *
 * ```ts ignore
 * import { sqliteStore } from "rocket-actors/store/sqlite";
 *
 * await using store = sqliteStore("/var/lib/bank/outcomes.db");
 * ```
 *
 * @param path the file; beside it SQLite keeps two more, whose names begin with the same
 * @param options how much it remembers, and for how long
 * @throws {Error} saying what is wrong, when the file cannot be opened, is damaged, another application's, or of a
 * later version of this library
 * @throws {RangeError} on bounds that are no whole numbers above 0
 */
export function sqliteStore(path: string, options: SqliteStoreOptions = {}): SqliteStore {
  return new SqliteStore(path, options);
}
