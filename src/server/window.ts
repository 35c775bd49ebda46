import type { Clock } from "../async/clock.ts";
import type { Reply } from "../envelope/reply.ts";
import { replyBody } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { WINDOW_AGE_MS, WINDOW_BYTES, WINDOW_CALLS } from "./defaults.ts";

/** A call that may still be ended by its caller. */
interface Cancellable {
  readonly facts: { readonly request: { readonly replyTo: string } };
  cancel(): boolean;
}

/** A duplicate that waits for what becomes of the first. */
interface Joined {
  /** The first has its reply; `undefined`: another queue answers. */
  readonly ended: (reply: Reply | undefined) => void;
  /** The first is no longer here, and the queue holds it anew. */
  readonly moved: (() => void) | undefined;
}

/** What a window knows of one call. */
export class SeenCall {
  readonly #onAnswer: (reply: Reply) => void;
  #reply: Reply | undefined;
  #joined: Joined[] | undefined;
  /** The call itself, until it is answered. */
  call: Cancellable | undefined;
  /** Whether it is being stored in its queue again, to be run from there: a duplicate may be that very copy. */
  moving = false;

  /** @param onAnswer told when it is answered */
  constructor(onAnswer: (reply: Reply) => void) {
    this.#onAnswer = onAnswer;
  }

  /** Its final reply; `undefined` while its handler is at work. */
  get reply(): Reply | undefined {
    return this.#reply;
  }

  /**
   * Hands the reply to a duplicate: at once, or when there is one.
   *
   * @param ended given the reply; `undefined` when another queue answers
   * @param moved told instead when the first is stored in its queue again: the duplicate has to go its own way then
   */
  join(ended: (reply: Reply | undefined) => void, moved?: () => void): void {
    if (this.#reply !== undefined) ended(this.#reply);
    else (this.#joined ??= []).push({ ended, moved });
  }

  /** Notes the final reply and tells those who joined. */
  answered(reply: Reply): void {
    this.#reply = reply.ok ? reply : { ...reply, error: bare(reply.error) };
    this.#onAnswer(reply);
    this.#tell(reply);
  }

  /** Tells those who joined that it was sent on to another queue, which answers it. */
  sentOn(): void {
    this.#tell(undefined);
  }

  /** Tells those who joined that it is stored in its queue again. */
  moved(): void {
    this.call = undefined;
    const joined = this.#joined ?? [];
    this.#joined = undefined;
    for (const { ended, moved } of joined) moved === undefined ? ended(undefined) : moved();
  }

  /** Keeps only that it was answered: duplicates learn that the answer is gone. */
  strip(): void {
    if (this.#reply === undefined || replyBody(this.#reply) === undefined) return;
    const { id } = this.#reply;
    const message = "The call was answered before, and its answer is no longer kept";
    const error = new RpcError("internal", message, { outcome: "executed_reply_lost", callId: id });
    this.#reply = { id, ok: false, error, ran: "lost" };
  }

  #tell(reply: Reply | undefined): void {
    this.call = undefined;
    const joined = this.#joined ?? NOBODY;
    this.#joined = undefined;
    for (const { ended } of joined) ended(reply);
  }
}

const NOBODY: readonly Joined[] = [];

/**
 * What of an error travels, without its stack: until somebody reads it, the engine keeps everything that it was thrown
 * through alive, the call and its message among it.
 */
function bare({ code, message, outcome, callId }: RpcError): RpcError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new RpcError(code, message, { outcome, callId });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Calls that were entered one after the other, and are forgotten together. */
interface Generation {
  readonly calls: Map<string, SeenCall>;
  /** How many were entered in it; those that it took over from a forgotten one do not count. */
  entered: number;
  /** Since when, by the clock's monotonic time. */
  readonly sinceMs: number;
  /** Encoded bytes of the replies that came meanwhile. */
  bytes: number;
}

/** Of its bounds, the part by which a window forgets. */
const PART = 1 / 16;
const GENERATION_CALLS = WINDOW_CALLS * PART;
const GENERATION_MS = WINDOW_AGE_MS * PART;

/**
 * The calls of one partition that were seen lately, so that a duplicate joins the first one or gets its reply
 * again. Bounded by count, bytes and age; forgotten by generations, because evicting single entries from a `Map` costs
 * more than the window itself: so it remembers up to an eighth more calls than its bound says, and never fewer than a
 * queue may have between its commit and its end. Where replies take too much, the calls are still remembered, without
 * them. It goes with its partition. A call that is still at work outlives its generation.
 */
export class DuplicateWindow {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #older: Generation[] = [];
  #young: Generation;
  #bytes = 0;
  /** The greatest id ever entered, whatever its form. */
  #greatest = "";
  /** Counts a reply in the generation in which it comes, which outlives the call's own. */
  readonly #count = (reply: Reply): void => {
    const bytes = replyBody(reply)?.length ?? 0;
    this.#young.bytes += bytes;
    this.#bytes += bytes;
    if (this.#bytes > WINDOW_BYTES) this.#strip();
  };

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#young = { calls: new Map(), entered: 0, sinceMs: clock.monotonic(), bytes: 0 };
  }

  /** Calls remembered. */
  get size(): number {
    return this.#older.reduce((size, { calls }) => size + calls.size, this.#young.calls.size);
  }

  /** What is known of the id, or `undefined` when it was not seen. */
  seen(id: string): SeenCall | undefined {
    // Ids sort by time, so that most are greater than all before: no look-up can find them.
    if (id > this.#greatest) return undefined;
    const young = this.#young.calls.get(id);
    if (young !== undefined) return young;
    for (const { calls } of this.#older) {
      const seen = calls.get(id);
      if (seen !== undefined) return seen;
    }
    return undefined;
  }

  /** Notes that a call of that id is on its way to its handler. */
  enter(id: string): SeenCall {
    if (this.#young.entered >= GENERATION_CALLS) this.#turnOver(this.#clock.monotonic());
    const seen = new SeenCall(this.#count);
    this.#young.calls.set(id, seen);
    this.#young.entered++;
    if (id > this.#greatest) this.#greatest = id;
    return seen;
  }

  /** Forgets one call, so that a duplicate goes the same way as the first. */
  forget(id: string): void {
    this.#young.calls.delete(id);
    for (const { calls } of this.#older) calls.delete(id);
  }

  /**
   * Forgets what is too old: to be called for each message, since reading the clock costs as much as the rest.
   *
   * @returns what the clock's monotonic time is
   */
  age(): number {
    const now = this.#clock.monotonic();
    if (now - this.#young.sinceMs >= GENERATION_MS) this.#turnOver(now);
    return now;
  }

  /** Drops the replies of the oldest generations, as many as there have to be. */
  #strip(): void {
    for (const generation of [...this.#older, this.#young]) {
      for (const seen of generation.calls.values()) seen.strip();
      this.#bytes -= generation.bytes;
      generation.bytes = 0;
      if (this.#bytes <= WINDOW_BYTES) return;
    }
  }

  /** Begins a generation, and forgets those that are too old or not needed any more. */
  #turnOver(now: number): void {
    this.#older.push(this.#young);
    this.#young = { calls: new Map(), entered: 0, sinceMs: now, bytes: 0 };
    let entered = this.#older.reduce((sum, generation) => sum + generation.entered, 0);
    for (let [oldest] = this.#older; oldest !== undefined; [oldest] = this.#older) {
      const next = this.#older[1] ?? this.#young;
      entered -= oldest.entered;
      // Its last call came right before the next generation began.
      if (entered < WINDOW_CALLS && now - next.sinceMs < WINDOW_AGE_MS - GENERATION_MS) return;
      this.#older.shift();
      this.#bytes -= oldest.bytes;
      for (const [id, seen] of oldest.calls) if (seen.reply === undefined) this.#young.calls.set(id, seen);
    }
  }
}
