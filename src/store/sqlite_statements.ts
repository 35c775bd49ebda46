import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Work } from "./outcome_store.ts";

/** Rows that one statement forgets at most: nothing else runs meanwhile. */
const FORGET_ROWS = 200;

/** A row as it is read. */
export interface Row {
  readonly digest: string;
  readonly endsAt: number;
  readonly finishedAt: number | null;
  readonly outcome: Uint8Array | null;
}

/** The statements of one connection, prepared once. */
export class Statements {
  readonly #find: StatementSync;
  readonly #remove: StatementSync;
  readonly #begin: StatementSync;
  readonly #renew: StatementSync;
  readonly #finish: StatementSync;
  readonly #release: StatementSync;
  readonly #totals: StatementSync;
  readonly #oldest: StatementSync;
  readonly #drop: StatementSync;
  readonly #evicted: StatementSync;
  readonly #forget: StatementSync;

  constructor(database: DatabaseSync) {
    const work = "contract = ? AND method = ? AND key = ?";
    this.#find = database.prepare(
      `SELECT digest, ends_at AS endsAt, finished_at AS finishedAt, outcome FROM outcomes WHERE ${work}`,
    );
    this.#remove = database.prepare(`DELETE FROM outcomes WHERE ${work}`);
    this.#begin = database.prepare(
      "INSERT INTO outcomes (contract, method, key, digest, ends_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
    );
    this.#renew = database.prepare("UPDATE outcomes SET ends_at = ? WHERE id = ? AND outcome IS NULL");
    this.#finish = database.prepare(
      "UPDATE outcomes SET outcome = ?, finished_at = ?, bytes = ? WHERE id = ? AND outcome IS NULL",
    );
    this.#release = database.prepare("DELETE FROM outcomes WHERE id = ? AND outcome IS NULL");
    this.#totals = database.prepare("SELECT outcomes, bytes, evicted FROM totals");
    this.#oldest = database.prepare(
      `SELECT id, bytes FROM outcomes WHERE outcome IS NOT NULL OR ends_at <= ? ORDER BY id LIMIT ${FORGET_ROWS}`,
    );
    this.#drop = database.prepare("DELETE FROM outcomes WHERE id = ?");
    this.#evicted = database.prepare("UPDATE totals SET evicted = evicted + ?");
    this.#forget = database.prepare(
      `DELETE FROM outcomes WHERE id IN (SELECT id FROM outcomes ORDER BY id LIMIT ${FORGET_ROWS})
        AND coalesce(finished_at, ends_at) <= ?`,
    );
  }

  find({ contract, method, key }: Work): Row | undefined {
    // The columns are what the query names, of the types of the table, which is STRICT.
    return this.#find.get(contract, method, key) as Row | undefined;
  }

  /** @returns the claim's token */
  begin({ contract, method, key, digest }: Work, endsAt: number): number {
    this.#remove.run(contract, method, key);
    return Number(this.#begin.get(contract, method, key, digest, Math.ceil(endsAt))?.["id"]);
  }

  renew(token: number, endsAt: number): void {
    this.#renew.run(Math.ceil(endsAt), token);
  }

  finish(token: number, key: string, outcome: Uint8Array, now: number): boolean {
    const { changes } = this.#finish.run(outcome, Math.floor(now), outcome.length + 2 * key.length, token);
    return Number(changes) > 0;
  }

  release(token: number): void {
    this.#release.run(token);
  }

  totals(): { readonly outcomes: number; readonly bytes: number; readonly evicted: number } {
    const { outcomes, bytes, evicted } = this.#totals.get() ?? {};
    return { outcomes: Number(outcomes), bytes: Number(bytes), evicted: Number(evicted) };
  }

  /** Forgets the oldest until the bounds are kept. */
  evict(maxOutcomes: number, maxBytes: number, now: number): void {
    let { outcomes, bytes } = this.totals();
    let dropped = 0;
    for (const row of this.#oldest.all(Math.floor(now))) {
      if (outcomes <= maxOutcomes && bytes <= maxBytes) break;
      this.#drop.run(Number(row["id"]));
      outcomes--;
      bytes -= Number(row["bytes"]);
      dropped++;
    }
    if (dropped > 0) this.#evicted.run(dropped);
  }

  forget(before: number): void {
    this.#forget.run(Math.floor(before));
  }
}
