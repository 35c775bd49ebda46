import { type CallerSystem, type CallOptions, type Client, Health, RpcError } from "rocket-actors";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bank } from "./contract.ts";
import type { Arrived } from "./tellers.ts";

/** What a load is made with. */
export interface LoadParts {
  readonly callers: readonly Pick<CallerSystem, "client">[];
  readonly bank: Bank;
  readonly arrived: Arrived;
  /** The signal of the whole run, given to some calls. */
  readonly signal: AbortSignal;
  /** The direct address of an instance. */
  readonly address: () => string;
  readonly random: () => number;
}

/** Keys of entities. */
const KEYS = 20_000;
/** Calls under way at once, beyond which no more are made. */
const MOST = 2_000;
const TICK_MS = 10;

/** A mixed load: services, entities, one-way calls, declared errors, crashes, cancels, calls that are too late. */
export class Load {
  readonly #parts: LoadParts;
  readonly #tellers: readonly Client<Bank["Teller"]>[];
  readonly #accounts: readonly Client<Bank["Account"]>[];
  /** How calls ended, by code and outcome. */
  readonly ends = new Map<string, number>();
  /** One-way calls that were stored and have not come to a handler yet, as far as is known. */
  readonly #told = new Set<number>();
  #numbers = 0;
  #made = 0;
  #heldBack = 0;
  #open = 0;
  /** What no caller should ever see. */
  readonly strange: unknown[] = [];

  constructor(parts: LoadParts) {
    this.#parts = parts;
    this.#tellers = parts.callers.map((caller) => caller.client(parts.bank.Teller));
    this.#accounts = parts.callers.map((caller) => caller.client(parts.bank.Account));
  }

  /** Calls made. */
  get made(): number {
    return this.#made;
  }

  /** Calls not made because too many were under way. */
  get heldBack(): number {
    return this.#heldBack;
  }

  /** Calls under way. */
  get open(): number {
    return this.#open;
  }

  /** One-way calls that were stored, and that no handler has had. */
  get missing(): number {
    const { arrived } = this.#parts;
    for (const number of this.#told) {
      if (arrived.delete(number)) this.#told.delete(number);
    }
    return this.#told.size;
  }

  /** Makes so many calls a second until then. */
  async run(perSecond: number, untilMs: number): Promise<void> {
    let since = performance.now();
    let due = 0;
    while (performance.now() < untilMs) {
      await sleep(TICK_MS);
      const now = performance.now();
      // A machine that was asleep does not make up for all of it at once.
      due = Math.min(due + perSecond * (now - since) / 1_000, perSecond / 5);
      since = now;
      for (; due >= 1; due--) {
        if (this.#open < MOST) void this.#make();
        else this.#heldBack++;
      }
    }
  }

  async #make(): Promise<void> {
    this.#made++;
    this.#open++;
    try {
      await this.#call();
      this.#count("ok");
    } catch (error) {
      if (error instanceof RpcError) this.#count(`${error.declared ?? error.code}/${error.outcome}`);
      else this.strange.push(error);
    } finally {
      this.#open--;
    }
  }

  #count(end: string): void {
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
  }

  #call(): Promise<unknown> {
    const { random } = this.#parts;
    const at = Math.floor(random() * this.#tellers.length);
    const teller = this.#tellers[at];
    const accounts = this.#accounts[at];
    if (teller === undefined || accounts === undefined) throw new TypeError("There is no caller");
    const options = this.#options();
    const cents = Math.floor(random() * 55);
    const drawn = random();
    if (drawn < 0.25) return teller.quote({ cents }, options);
    if (drawn < 0.50) return accounts.at(this.#key()).deposit({ cents }, options);
    if (drawn < 0.60) return teller.transfer({ from: this.#key(), to: this.#key(), cents }, options);
    if (drawn < 0.70) return teller.withdraw({ cents }, options);
    if (drawn < 0.80) return this.#tell(teller);
    if (drawn < 0.88) return teller.slow({ ms: cents }, { ...options, timeoutMs: drawn < 0.82 ? 20 : 2_000 });
    if (drawn < 0.93) return teller.flaky({ crash: random() < 0.05 }, options);
    if (drawn < 0.97) return teller.counter({ crash: random() < 0.01 }, options);
    if (drawn < 0.975) return accounts.at(this.#key()).fail(undefined, options);
    if (drawn < 0.98) return teller.broken(undefined, options);
    return this.#ping(at);
  }

  async #tell(teller: Client<Bank["Teller"]>): Promise<void> {
    const number = this.#numbers++;
    await teller.notify({ number });
    this.#told.add(number);
  }

  #ping(at: number): Promise<unknown> {
    const { callers, address } = this.#parts;
    const caller = callers[at];
    if (caller === undefined) throw new TypeError("There is no caller");
    return caller.client(Health, { instance: address(), timeoutMs: 1_000 }).ping();
  }

  #key(): string {
    return `key-${Math.floor(this.#parts.random() * KEYS)}`;
  }

  /** The signal of the run, one that aborts soon, or none. */
  #options(): CallOptions {
    const { random, signal } = this.#parts;
    const drawn = random();
    if (drawn < 0.2) return { signal };
    if (drawn >= 0.25) return {};
    const given = new AbortController();
    setTimeout(() => given.abort(), random() * 5);
    return { signal: drawn < 0.22 ? AbortSignal.any([signal, given.signal]) : given.signal };
  }
}
