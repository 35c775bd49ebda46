/**
 * Remembers outcomes of calls in a SQLite file: for the systems of one host, in any number of processes.
 *
 * @module
 */
export { SqliteStore, sqliteStore, type SqliteStoreOptions } from "./sqlite_store.ts";
export type {
  BeginOptions,
  Begun,
  Claim,
  Finding,
  OutcomeStore,
  RetentionOptions,
  Unknown,
  Work,
} from "./outcome_store.ts";
export type { Clock, Timer } from "../async/clock.ts";
export type { Random } from "../async/random.ts";
