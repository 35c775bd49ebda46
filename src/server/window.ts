import type { Clock } from "../async/clock.ts";
import { type Identified, IdTable } from "../collections/id_table.ts";
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
export class SeenCall implements Identified<SeenCall> {
  readonly id: string;
  nextInBucket: SeenCall | undefined = undefined;
  /** The one that its generation got after it. */
  nextInGeneration: SeenCall | undefined = undefined;
  readonly #onAnswer: (reply: Reply) => void;
  #reply: Reply | undefined;
  #joined: Joined[] | undefined;
  /** The call itself, until it is answered. */
  call: Cancellable | undefined;
  /** Whether its answer is a stream that has begun: a duplicate gets none, its first has it. */
  #streams = false;
  /** Whether it is being stored in its queue again, to be run from there: a duplicate may be that very copy. */
  moving = false;

  /**
   * @param id the call's
   * @param onAnswer told when it is answered
   */
  constructor(id: string, onAnswer: (reply: Reply) => void) {
    this.id = id;
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
    else if (this.#streams) ended(undefined);
    else (this.#joined ??= []).push({ ended, moved });
  }

  /** Notes the final reply and tells those who joined. */
  answered(reply: Reply): void {
    this.#reply = reply.ok ? reply : { ...reply, error: bare(reply.error) };
    this.#onAnswer(reply);
    this.#tell(reply);
  }

  /** Notes that its answer is a stream that has begun. It may still be cancelled. */
  streaming(): void {
    this.#streams = true;
    const { call } = this;
    this.#tell(undefined);
    this.call = call;
  }

  /** Its stream is over, whether or not an item of it was stored: those who joined have nothing more to wait for. */
  streamed(): void {
    this.#streams = true;
    this.#tell(undefined);
  }

  /** Whether nothing more becomes of it. */
  get over(): boolean {
    return this.#reply !== undefined || (this.#streams && this.call === undefined);
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
class Generation {
  /** Since when, by the clock's monotonic time. */
  readonly sinceMs: number;
  /** How many were entered in it; those that it took over from a forgotten one do not count. */
  entered = 0;
  /** Encoded bytes of the replies that came meanwhile. */
  bytes = 0;
  #first: SeenCall | undefined;
  #last: SeenCall | undefined;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  add(seen: SeenCall): void {
    if (this.#last === undefined) this.#first = seen;
    else this.#last.nextInGeneration = seen;
    this.#last = seen;
  }

  /** Does something with each of its calls, which may join another generation then. */
  each(work: (seen: SeenCall) => void): void {
    for (let seen = this.#first; seen !== undefined;) {
      const { nextInGeneration } = seen;
      work(seen);
      seen = nextInGeneration;
    }
  }
}

/** Of its bounds, the part by which a window forgets. */
const PART = 1 / 16;
const GENERATION_CALLS = WINDOW_CALLS * PART;
const GENERATION_MS = WINDOW_AGE_MS * PART;

/**
 * The calls of one partition that were seen lately, so that a duplicate joins the first one or gets its reply
 * again. Bounded by count, bytes and age; forgotten by generations, so that nobody has to ask for each call
 * how old it is: so it remembers up to an eighth more calls than its bound says, and never fewer than a
 * queue may have between its commit and its end. Where replies take too much, the calls are still remembered, without
 * them. It goes with its partition. A call that is still at work outlives its generation.
 */
export class DuplicateWindow {
  readonly #clock: Clock;
  readonly #calls = new IdTable<SeenCall>();
  /** Those whose ids somebody has chosen to be in each other's way. */
  readonly #crowded = new Map<string, SeenCall>();
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
    this.#young = new Generation(clock.monotonic());
  }

  /** Calls remembered. */
  get size(): number {
    return this.#calls.size + this.#crowded.size;
  }

  /** What is known of the id, or `undefined` when it was not seen. */
  seen(id: string): SeenCall | undefined {
    // Ids sort by time, so that most are greater than all before: no look-up can find them.
    if (id > this.#greatest) return undefined;
    return this.#find(id);
  }

  /** Notes that a call of that id is on its way to its handler. */
  enter(id: string): SeenCall {
    if (this.#young.entered >= GENERATION_CALLS) this.#turnOver(this.#clock.monotonic());
    // The new one counts from now on.
    this.forget(id);
    const seen = new SeenCall(id, this.#count);
    if (!this.#calls.offer(seen)) this.#crowded.set(id, seen);
    this.#young.add(seen);
    this.#young.entered++;
    if (id > this.#greatest) this.#greatest = id;
    return seen;
  }

  /** Forgets one call, so that a duplicate goes the same way as the first. */
  forget(id: string): void {
    const seen = this.seen(id);
    if (seen !== undefined) this.#remove(seen);
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
      generation.each((seen) => seen.strip());
      this.#bytes -= generation.bytes;
      generation.bytes = 0;
      if (this.#bytes <= WINDOW_BYTES) return;
    }
  }

  /** Begins a generation, and forgets those that are too old or not needed any more. */
  #turnOver(now: number): void {
    this.#older.push(this.#young);
    this.#young = new Generation(now);
    let entered = this.#older.reduce((sum, generation) => sum + generation.entered, 0);
    for (let [oldest] = this.#older; oldest !== undefined; [oldest] = this.#older) {
      const next = this.#older[1] ?? this.#young;
      entered -= oldest.entered;
      // Its last call came right before the next generation began.
      if (entered < WINDOW_CALLS && now - next.sinceMs < WINDOW_AGE_MS - GENERATION_MS) return;
      this.#older.shift();
      this.#bytes -= oldest.bytes;
      oldest.each((seen) => this.#pass(seen));
    }
  }

  /** Its generation is forgotten: it is too, unless it is at work. */
  #pass(seen: SeenCall): void {
    seen.nextInGeneration = undefined;
    if (seen.over) this.#remove(seen);
    // Others may have taken its place, or it may have been forgotten before.
    else if (this.#find(seen.id) === seen) this.#young.add(seen);
  }

  #find(id: string): SeenCall | undefined {
    return this.#calls.get(id) ?? (this.#crowded.size === 0 ? undefined : this.#crowded.get(id));
  }

  #remove(seen: SeenCall): void {
    if (!this.#calls.delete(seen) && this.#crowded.get(seen.id) === seen) this.#crowded.delete(seen.id);
  }
}
