/** A piece of work that shall have one outcome, however often it is asked for. */
export interface Work {
  /** The contract's name. */
  readonly contract: string;
  /** The method's name. */
  readonly method: string;
  /** The caller's idempotency key, or the id of its call where it gave none. */
  readonly key: string;
  /** A digest of the encoded input: the same key with another input is another piece of work, and a mistake. */
  readonly digest: string;
}

/** The right to do a piece of work, until its lease ends. */
export interface Claim {
  /** What it is for. */
  readonly work: Work;
  /** Which claim it is: no other claim in this store has or had this number. */
  readonly token: number;
}

/** What is known of a piece of work. */
export type Finding =
  /** It was done: this is what was remembered of it. */
  | { readonly kind: "finished"; readonly outcome: Uint8Array }
  /** Somebody does it now, and has at most so many milliseconds before a lease that is not renewed ends. */
  | { readonly kind: "running"; readonly leaseMs: number }
  /** Somebody began it, and its lease has ended without an outcome: it may have been done in part. */
  | { readonly kind: "orphaned" }
  /** Its key was used for another input. */
  | { readonly kind: "conflict" };

/** Nothing is known of a piece of work. */
export interface Unknown {
  /** Nobody has begun it. */
  readonly kind: "unknown";
}

/** The piece of work is the asker's to do. */
export interface Begun {
  /** Nobody else does it. */
  readonly kind: "begun";
  /** To be finished or released. */
  readonly claim: Claim;
}

/** How a piece of work is begun. */
export interface BeginOptions {
  /** How long the claim is good unless it is renewed, in milliseconds. */
  readonly leaseMs: number;
  /** Whether work that is orphaned may be begun anew: only where doing it twice does no harm. */
  readonly takeOver: boolean;
}

/**
 * Remembers which pieces of work were done, and how they ended: what makes a call run once where its own instance
 * cannot know, because it died, or because the same work was asked for twice. It helps as far as it is shared:
 * between the systems of a process, of a host, or of a cluster.
 *
 * What it must keep: of several that begin the same work at once, one gets it; a claim whose work was taken over can
 * neither be finished nor renewed nor released; an outcome never changes. All times are durations, measured by the
 * store's own clock. A promise that rejects says that nothing is known about what was asked.
 */
export interface OutcomeStore {
  /** What is known of the work. Changes nothing. */
  find(work: Work): Promise<Finding | Unknown>;
  /** Begins the work, unless it is finished, running or orphaned; see {@linkcode BeginOptions.takeOver}. */
  begin(work: Work, options: BeginOptions): Promise<Finding | Begun>;
  /** Lets the leases of claims end that many milliseconds from now. Those that were taken over are left alone. */
  renew(claims: readonly Claim[], leaseMs: number): Promise<void>;
  /**
   * Remembers how the work ended. `true` once the outcome is safe; `false` when the claim was taken over, and so
   * nothing was changed.
   */
  finish(claim: Claim, outcome: Uint8Array): Promise<boolean>;
  /** Gives the claim back: nothing was done, or it shall be done again. */
  release(claim: Claim): Promise<void>;
}

/** How much a store remembers, and for how long. What it forgets may be done again. */
export interface RetentionOptions {
  /** How long an outcome is remembered, in milliseconds. Default: 86,400,000, a day. */
  readonly keepMs?: number | undefined;
  /** How many pieces of work are remembered; the oldest outcomes go first. */
  readonly maxOutcomes?: number | undefined;
  /** Bytes of the outcomes that are remembered, with their keys; the oldest go first. */
  readonly maxBytes?: number | undefined;
}

/** The same, checked and filled in. */
export interface Retention {
  readonly keepMs: number;
  readonly maxOutcomes: number;
  readonly maxBytes: number;
}

const METHODS: readonly string[] = [
  "find",
  "begin",
  "renew",
  "finish",
  "release",
] satisfies (keyof OutcomeStore)[];

/**
 * Checks what a user gave as a store.
 *
 * @throws {TypeError} when it lacks what every store has
 */
export function checkStore(store: unknown): void {
  if (store === undefined) return;
  const complete = typeof store === "object" && store !== null &&
    METHODS.every((name) => typeof Reflect.get(store, name) === "function");
  if (complete) return;
  throw new TypeError(
    `Cannot use 'store': write memoryStore(), sqliteStore(path), or an object with the functions ${
      METHODS.join(", ")
    }`,
  );
}

/** A day: longer than any call lives. */
const KEEP_MS = 86_400_000;

/**
 * Checks a store's bounds and fills in what they leave out.
 *
 * @throws {RangeError} on what is no whole number above 0
 */
export function retentionOf(
  options: RetentionOptions,
  defaults: { readonly maxOutcomes: number; readonly maxBytes: number },
): Retention {
  return {
    keepMs: positive("keepMs", options.keepMs ?? KEEP_MS),
    maxOutcomes: positive("maxOutcomes", options.maxOutcomes ?? defaults.maxOutcomes),
    maxBytes: positive("maxBytes", options.maxBytes ?? defaults.maxBytes),
  };
}

function positive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(
    `Cannot use '${name}': it must be a whole number above 0: current value is ${value}`,
  );
}
