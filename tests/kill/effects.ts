import { DatabaseSync } from "node:sqlite";

/** One effect as it was stored. */
export interface Effect {
  readonly key: string;
  readonly piece: string;
}

/** The database of the handlers: what they do is done once per idempotency key, however often they run. */
export class Effects implements Disposable {
  readonly #file: DatabaseSync;

  constructor(path: string) {
    this.#file = new DatabaseSync(path, { timeout: 20_000 });
    this.#file.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    this.#file.exec("CREATE TABLE IF NOT EXISTS effects (key TEXT PRIMARY KEY, piece TEXT NOT NULL)");
    this.#file.exec(
      "CREATE TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY CHECK (id = 0), sum INTEGER NOT NULL)",
    );
    this.#file.exec("INSERT OR IGNORE INTO total VALUES (0, 0)");
  }

  /** Adds one to the total unless the key was seen before, in one transaction. */
  apply(key: string, piece: string): void {
    this.#file.exec("BEGIN IMMEDIATE");
    try {
      const { changes } = this.#file.prepare("INSERT OR IGNORE INTO effects VALUES (?, ?)").run(key, piece);
      if (changes > 0) this.#file.exec("UPDATE total SET sum = sum + 1");
      this.#file.exec("COMMIT");
    } catch (error) {
      this.#file.exec("ROLLBACK");
      throw error;
    }
  }

  /** All effects. */
  all(): readonly Effect[] {
    return this.#file.prepare("SELECT key, piece FROM effects").all().map(({ key, piece }) => ({
      key: String(key),
      piece: String(piece),
    }));
  }

  /** What they add up to. */
  get total(): number {
    return Number(this.#file.prepare("SELECT sum FROM total").get()?.["sum"]);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
