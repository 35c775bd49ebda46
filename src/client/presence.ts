import type { Clock, Timer } from "../async/clock.ts";
import type { Contract } from "../contract/types.ts";
import { groupOf, topicOf } from "../call/plan.ts";
import type { Transport } from "../transport/transport.ts";
import { PRESENCE_IDLE_MS, PRESENCE_KEPT_MS, PRESENCE_LOOK_MS } from "./defaults.ts";

/** Whether anybody serves a contract, as far as this client can tell. */
export type Presence =
  | { readonly kind: "present"; /** Whether all of them understand packs. */ readonly packs: boolean }
  | { readonly kind: "absent" }
  /** Nobody could be asked, or not everybody: calls are sent, unpacked. */
  | { readonly kind: "unknown" };

const UNKNOWN: Presence = { kind: "unknown" };
const ABSENT: Presence = { kind: "absent" };

/**
 * Knows whether a contract is served. A member seen counts for five seconds; while somebody asks, the next look
 * is made before they are over, so that nobody waits for it. Absent is only what two looks one second apart found
 * empty on every broker; from then on the answer is known at once, while looks go on each second for as long as
 * somebody asks. Unknown counts for one second.
 */
export class PresenceWatch {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #topic: string;
  readonly #group: string;
  #last: Presence | undefined;
  #lastAt = -Infinity;
  #askedAt = -Infinity;
  #looking: Promise<Presence> | undefined;
  /** The first of the looks under way; who finds nobody by it knows nothing yet. */
  #glimpse: Promise<Presence> = Promise.resolve(UNKNOWN);
  #timer: Timer | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(transport: Transport, clock: Clock, contract: Contract) {
    this.#transport = transport;
    this.#clock = clock;
    this.#topic = topicOf(contract.name);
    this.#group = groupOf(contract.name);
  }

  /**
   * What is known now, or a promise of it where a look has to come first. Never rejects.
   *
   * @param sure whether absence matters, so that a second look confirms it; else the first one will do
   * @param now what the clock's monotonic time is, where the caller has just read it
   */
  ask(sure = true, now: number = this.#clock.monotonic()): Presence | Promise<Presence> {
    this.#askedAt = now;
    const age = now - this.#lastAt;
    const tooOld = this.#last?.kind === "absent" ? 2 * PRESENCE_LOOK_MS : PRESENCE_KEPT_MS;
    if (this.#last === undefined || age > tooOld) {
      const looking = this.#look();
      return sure ? looking : this.#glimpse;
    }
    if (this.#last.kind === "absent") return ABSENT;
    const fresh = this.#last.kind === "present" ? PRESENCE_KEPT_MS / 2 : PRESENCE_LOOK_MS;
    if (age > fresh) void this.#look();
    return this.#last;
  }

  /** Whether nobody waits for a look. */
  get idle(): boolean {
    return this.#looking === undefined;
  }

  /** Ends every look. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#wake?.();
  }

  #look(): Promise<Presence> {
    this.#looking ??= this.#twoLooks().finally(() => this.#looking = undefined);
    return this.#looking;
  }

  async #twoLooks(): Promise<Presence> {
    const first = this.#lookOnce();
    this.#glimpse = first.then((found) => found.kind === "absent" ? UNKNOWN : found);
    let found = await first;
    if (found.kind === "absent" && this.#last?.kind !== "absent" && !this.#closed) {
      await this.#pause();
      found = this.#closed ? UNKNOWN : await this.#lookOnce();
    }
    this.#last = found;
    this.#lastAt = this.#clock.monotonic();
    if (found.kind === "absent") this.#lookAgainLater();
    return found;
  }

  async #lookOnce(): Promise<Presence> {
    try {
      const members = await this.#transport.members(this.#topic, this.#group);
      if (members === "unknown") return UNKNOWN;
      if (members.length === 0) return ABSENT;
      return { kind: "present", packs: members.every((member) => member.ours) };
    } catch {
      // Any failure to look means only that nothing is known; the call itself will tell what is wrong.
      return UNKNOWN;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#timer = this.#clock.after(PRESENCE_LOOK_MS, resolve);
    });
  }

  #lookAgainLater(): void {
    if (this.#closed || this.#clock.monotonic() - this.#askedAt > PRESENCE_IDLE_MS) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(PRESENCE_LOOK_MS, () => void this.#look());
  }
}
