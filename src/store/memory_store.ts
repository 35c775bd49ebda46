import { type Clock, systemClock } from "../async/clock.ts";
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

/** How a store in memory is built. */
export interface MemoryStoreOptions extends RetentionOptions {
  /** Where its time comes from. Default: the machine's clock. */
  readonly clock?: Clock | undefined;
}

/** Work under way. */
interface Running {
  readonly digest: string;
  readonly token: number;
  /** When its lease ends, by the clock's monotonic time. */
  endsAtMs: number;
}

/** Work that was done. */
interface Finished {
  readonly digest: string;
  readonly outcome: Uint8Array;
  /** What it takes, its key included. */
  readonly bytes: number;
  readonly finishedAtMs: number;
}

const DEFAULTS = { maxOutcomes: 100_000, maxBytes: 64 * 1024 * 1024 } as const;
const UNKNOWN: Unknown = { kind: "unknown" };
const ORPHANED: Finding = { kind: "orphaned" };
const CONFLICT: Finding = { kind: "conflict" };

/**
 * Remembers outcomes in memory: for the systems of one process, and for as long as it lives. Holds at most 100,000
 * pieces of work and 64 MiB of outcomes unless told otherwise, each for a day.
 */
export class MemoryStore implements OutcomeStore {
  readonly #clock: Clock;
  readonly #retention: Retention;
  /** In the order in which they were begun. */
  readonly #running = new Map<string, Running>();
  /** In the order in which they were finished. */
  readonly #finished = new Map<string, Finished>();
  #bytes = 0;
  #tokens = 0;
  #evicted = 0;

  /**
   * Starts empty.
   *
   * @throws {RangeError} on bounds that are no whole numbers above 0
   */
  constructor(options: MemoryStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#retention = retentionOf(options, DEFAULTS);
  }

  /** Pieces of work remembered, those under way included. */
  get size(): number {
    return this.#running.size + this.#finished.size;
  }

  /** Outcomes forgotten before their time, because there was no room. */
  get evicted(): number {
    return this.#evicted;
  }

  /** As the port says. */
  find(work: Work): Promise<Finding | Unknown> {
    return Promise.resolve(this.#find(work));
  }

  /** As the port says. */
  begin(work: Work, { leaseMs, takeOver }: BeginOptions): Promise<Finding | Begun> {
    const found = this.#find(work);
    if (found.kind !== "unknown" && !(found.kind === "orphaned" && takeOver)) return Promise.resolve(found);
    const name = nameOf(work);
    const token = ++this.#tokens;
    // What is begun anew is the youngest again.
    this.#running.delete(name);
    this.#running.set(name, { digest: work.digest, token, endsAtMs: this.#clock.monotonic() + leaseMs });
    this.#forget();
    return Promise.resolve({ kind: "begun", claim: { work, token } });
  }

  /** As the port says. */
  renew(claims: readonly Claim[], leaseMs: number): Promise<void> {
    const endsAtMs = this.#clock.monotonic() + leaseMs;
    for (const claim of claims) {
      const running = this.#held(claim);
      if (running !== undefined) running.endsAtMs = endsAtMs;
    }
    return Promise.resolve();
  }

  /** As the port says. */
  finish(claim: Claim, outcome: Uint8Array): Promise<boolean> {
    const running = this.#held(claim);
    if (running === undefined) return Promise.resolve(false);
    const name = nameOf(claim.work);
    this.#running.delete(name);
    const bytes = outcome.length + 2 * name.length;
    this.#finished.set(name, {
      digest: running.digest,
      outcome: outcome.slice(),
      bytes,
      finishedAtMs: this.#clock.monotonic(),
    });
    this.#bytes += bytes;
    this.#forget();
    return Promise.resolve(true);
  }

  /** As the port says. */
  release(claim: Claim): Promise<void> {
    if (this.#held(claim) !== undefined) this.#running.delete(nameOf(claim.work));
    return Promise.resolve();
  }

  #find(work: Work): Finding | Unknown {
    const name = nameOf(work);
    const now = this.#clock.monotonic();
    const finished = this.#finished.get(name);
    if (finished !== undefined && now - finished.finishedAtMs < this.#retention.keepMs) {
      return finished.digest === work.digest
        ? { kind: "finished", outcome: finished.outcome.slice() }
        : CONFLICT;
    }
    const running = this.#running.get(name);
    if (running === undefined) return UNKNOWN;
    if (running.digest !== work.digest) return CONFLICT;
    return running.endsAtMs > now ? { kind: "running", leaseMs: running.endsAtMs - now } : ORPHANED;
  }

  #held({ work, token }: Claim): Running | undefined {
    const running = this.#running.get(nameOf(work));
    return running?.token === token ? running : undefined;
  }

  /** Drops what is too old, and the oldest where there is too much. Work under way is never dropped. */
  #forget(): void {
    const now = this.#clock.monotonic();
    const { keepMs, maxOutcomes, maxBytes } = this.#retention;
    for (const [name, { bytes, finishedAtMs }] of this.#finished) {
      const tooMany = this.size > maxOutcomes || this.#bytes > maxBytes;
      if (!tooMany && now - finishedAtMs < keepMs) break;
      if (now - finishedAtMs < keepMs) this.#evicted++;
      this.#finished.delete(name);
      this.#bytes -= bytes;
    }
    for (const [name, { endsAtMs }] of this.#running) {
      // The oldest that is still renewed shields those behind it: they are dropped later.
      if (now < endsAtMs || (this.size <= maxOutcomes && now - endsAtMs < keepMs)) break;
      this.#running.delete(name);
    }
  }
}

/** Makes a store in memory; see {@linkcode MemoryStore}. */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

/** Names of contracts and methods hold no line breaks. */
function nameOf({ contract, method, key }: Work): string {
  return `${contract}\n${method}\n${key}`;
}
