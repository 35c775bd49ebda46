import type { Clock } from "../async/clock.ts";
import type { Reply } from "../envelope/reply.ts";
import { replyBody } from "../envelope/reply.ts";
import { WINDOW_AGE_MS, WINDOW_BYTES, WINDOW_CALLS } from "./defaults.ts";

/** What a window knows of a call id. */
export type Seen =
  /** Its handler is at work: `join` to be told the reply. */
  | { readonly kind: "running"; join(listener: (reply: Reply) => void): void }
  /** It has been answered. */
  | { readonly kind: "answered"; readonly reply: Reply };

/**
 * The calls of one partition that were seen lately, so that a duplicate joins the first one or gets its reply
 * again. Bounded by count, bytes and age; two generations, swapped at the limit, because evicting single entries
 * from a `Map` costs more than the window itself. It goes with its partition.
 */
export class DuplicateWindow {
  readonly #clock: Clock;
  readonly #running = new Map<string, ((reply: Reply) => void)[]>();
  #young = new Map<string, Reply>();
  #old = new Map<string, Reply>();
  #youngBytes = 0;
  #youngSince: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#youngSince = clock.monotonic();
  }

  /** Calls remembered with their reply. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** What is known of the id, or `undefined` when it was not seen. */
  seen(id: string): Seen | undefined {
    const listeners = this.#running.get(id);
    if (listeners !== undefined) {
      return {
        kind: "running",
        join: (listener) => void listeners.push(listener),
      };
    }
    const reply = this.#young.get(id) ?? this.#old.get(id);
    return reply === undefined ? undefined : { kind: "answered", reply };
  }

  /** Notes that a call of that id is on its way to its handler. */
  enter(id: string): void {
    this.#running.set(id, []);
  }

  /** Notes the final reply and tells those who joined. */
  answered(reply: Reply): void {
    const listeners = this.#running.get(reply.id);
    this.#running.delete(reply.id);
    const bytes = replyBody(reply)?.length ?? 0;
    this.#turnOver(bytes);
    this.#young.set(reply.id, reply);
    this.#youngBytes += bytes;
    for (const listener of listeners ?? []) listener(reply);
  }

  /** Each generation holds at most half of every bound, so both together hold at most the whole. */
  #turnOver(bytes: number): void {
    const full = this.#young.size >= WINDOW_CALLS / 2 || this.#youngBytes + bytes > WINDOW_BYTES / 2;
    const now = this.#clock.monotonic();
    if (!full && now - this.#youngSince < WINDOW_AGE_MS / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
    this.#youngSince = now;
  }
}
