/** The bank's database: outside of all processes. Whatever has a key that it has seen is done already. */
export class Ledger {
  readonly #balances = new Map<string, number>();
  /** By key: what was answered. */
  readonly #done = new Map<string, number>();
  readonly #legs = new Map<string, { out: number; in: number }>();

  constructor(accounts: readonly string[], cents: number) {
    for (const account of accounts) this.#balances.set(account, cents);
  }

  /** All money on accounts, and what has left one and not reached another. */
  get total(): number {
    let sum = 0;
    for (const cents of this.#balances.values()) sum += cents;
    for (const { out, in: into } of this.#legs.values()) sum += out - into;
    return sum;
  }

  /** What was moved of a transfer. */
  legs(transfer: string): { readonly out: number; readonly in: number } {
    return this.#legs.get(transfer) ?? { out: 0, in: 0 };
  }

  balance(account: string): number {
    return this.#balances.get(account) ?? 0;
  }

  /** Moves money from (negative) or to an account, once per key. Returns what is missing: then nothing is moved. */
  move(key: string, transfer: string, account: string, cents: number): number {
    const done = this.#done.get(key);
    if (done !== undefined) return done;
    const balance = this.balance(account);
    const missing = Math.max(0, -(balance + cents));
    this.#done.set(key, missing);
    if (missing > 0) return missing;
    this.#balances.set(account, balance + cents);
    const legs = this.#legs.get(transfer) ?? { out: 0, in: 0 };
    this.#legs.set(transfer, legs);
    if (cents < 0) legs.out -= cents;
    else legs.in += cents;
    return 0;
  }
}
