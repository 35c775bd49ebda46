import type { Clock } from "../async/clock.ts";
import type { Reply } from "../envelope/reply.ts";
import { replyBody } from "../envelope/reply.ts";
import { WINDOW_AGE_MS, WINDOW_BYTES, WINDOW_CALLS } from "./defaults.ts";

/** A call that may still be ended by its caller. */
interface Cancellable {
  cancel(): boolean;
}

/** What a window knows of one call. */
export class SeenCall {
  readonly #onAnswer: (reply: Reply) => void;
  #reply: Reply | undefined;
  #joined: ((reply: Reply | undefined) => void)[] | undefined;
  /** The call itself, until it is answered. */
  call: Cancellable | undefined;

  /** @param onAnswer told when it is answered */
  constructor(onAnswer: (reply: Reply) => void) {
    this.#onAnswer = onAnswer;
  }

  /** Its final reply; `undefined` while its handler is at work. */
  get reply(): Reply | undefined {
    return this.#reply;
  }

  /** Hands the reply to the listener: at once, or when there is one; `undefined` when another queue answers. */
  join(listener: (reply: Reply | undefined) => void): void {
    if (this.#reply !== undefined) listener(this.#reply);
    else (this.#joined ??= []).push(listener);
  }

  /** Notes the final reply and tells those who joined. */
  answered(reply: Reply): void {
    this.#reply = reply;
    this.#onAnswer(reply);
    this.#tell(reply);
  }

  /** Tells those who joined that it was sent on to another queue, which answers it. */
  sentOn(): void {
    this.#tell(undefined);
  }

  #tell(reply: Reply | undefined): void {
    this.call = undefined;
    for (const listener of this.#joined ?? []) listener(reply);
    this.#joined = undefined;
  }
}

/**
 * The calls of one partition that were seen lately, so that a duplicate joins the first one or gets its reply
 * again. Bounded by count, bytes and age; two generations, swapped at the limit, because evicting single entries
 * from a `Map` costs more than the window itself. It goes with its partition.
 * A call that is still at work outlives its generation.
 */
export class DuplicateWindow {
  readonly #clock: Clock;
  #young = new Map<string, SeenCall>();
  #old = new Map<string, SeenCall>();
  #youngBytes = 0;
  #youngSince: number;
  /** The greatest id ever entered, whatever its form. */
  #greatest = "";
  /** Counts a reply in the generation in which it comes, and which it outlives by one at most. */
  readonly #count = (reply: Reply): void => {
    const bytes = replyBody(reply)?.length ?? 0;
    if (this.#youngBytes + bytes > WINDOW_BYTES / 2) this.#turnOver();
    this.#youngBytes += bytes;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#youngSince = clock.monotonic();
  }

  /** Calls remembered. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** What is known of the id, or `undefined` when it was not seen. */
  seen(id: string): SeenCall | undefined {
    // Ids sort by time, so that most are greater than all before: no look-up can find them.
    if (id > this.#greatest) return undefined;
    return this.#young.get(id) ?? this.#old.get(id);
  }

  /** Notes that a call of that id is on its way to its handler. */
  enter(id: string): SeenCall {
    if (this.#young.size >= WINDOW_CALLS / 2) this.#turnOver();
    const seen = new SeenCall(this.#count);
    this.#young.set(id, seen);
    if (id > this.#greatest) this.#greatest = id;
    return seen;
  }

  /** Forgets one call, so that a duplicate goes the same way as the first. */
  forget(id: string): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }

  /** Forgets what is too old: to be called for each message, since reading the clock costs as much as the rest. */
  age(): void {
    if (this.#clock.monotonic() - this.#youngSince >= WINDOW_AGE_MS / 2) this.#turnOver();
  }

  /** Each generation holds about half of every bound, so both together hold the whole. */
  #turnOver(): void {
    const dropped = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    for (const [id, seen] of dropped) if (seen.reply === undefined) this.#young.set(id, seen);
    this.#youngBytes = 0;
    this.#youngSince = this.#clock.monotonic();
  }
}

/**
 * Whether the caller may send the call again under its id, and have it run: it was refused before any handler. One that
 * expired or was cancelled has come to its end.
 */
export function isRetryable(reply: Reply): boolean {
  if (reply.ok || reply.ran !== "no") return false;
  return reply.error.code !== "cancelled" && reply.error.code !== "deadline_exceeded";
}
