import type { Timer } from "../async/clock.ts";
import { STREAM_IDLE_MS } from "../call/defaults.ts";
import {
  STREAM_BYTES,
  STREAM_HEARTBEAT_MS,
  STREAM_ITEMS,
  STREAM_LOOK_MS,
  STREAM_PING_LIMIT_MS,
  STREAM_PING_MS,
} from "./defaults.ts";

/** What keeping in touch with a producer takes. */
export interface WatchDesk {
  /** The clock's monotonic time. */
  monotonicMs(): number;
  after(ms: number, callback: () => void): Timer;
  /** Tells the producer that all items up to that number were read; resolves when it is on its way. */
  tell(kind: "credit" | "ping", taken: number): Promise<void>;
  /** The producer is gone. Called once, after which the watch is to be stopped. */
  gone(message: string): void;
}

/** A reader's half of the way back: gives its producer credit for what was read, and finds out when it is gone. */
export class ProducerWatch {
  readonly #desk: WatchDesk;
  /** The number of the last item read, and of the last one that the producer was told of. */
  #taken = 0;
  #told = 0;
  /** Bytes read since. */
  #untoldBytes = 0;
  #telling = false;
  #toldAtMs: number;
  #heardAtMs: number;
  /** How long the producer may say nothing before it is asked. */
  #patienceMs: number = STREAM_PING_MS.initialMs;
  /** Whether a ping was not answered yet, and since when it is on its way. */
  #asking = false;
  #askedAtMs: number | undefined;
  #look: Timer | undefined;
  #stopped = false;

  /** Begins when something of the producer has come. */
  constructor(desk: WatchDesk) {
    this.#desk = desk;
    this.#heardAtMs = this.#toldAtMs = desk.monotonicMs();
    this.#lookLater();
  }

  /** Items have come. */
  heard(): void {
    this.#hear(STREAM_PING_MS.initialMs);
  }

  /** The producer has answered: it is asked less often as long as it does nothing else. */
  answered(): void {
    this.#hear(Math.min(STREAM_PING_MS.maxMs, 2 * this.#patienceMs));
  }

  /** An item was read. */
  took(seq: number, bytes: number): void {
    this.#taken = seq;
    this.#untoldBytes += bytes;
    if (this.#isDue) this.#tell("credit");
  }

  /** Tells and asks nothing any more. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#look?.cancel();
  }

  get #isDue(): boolean {
    return this.#taken - this.#told >= STREAM_ITEMS / 2 || this.#untoldBytes >= STREAM_BYTES / 2;
  }

  #hear(patienceMs: number): void {
    this.#heardAtMs = this.#desk.monotonicMs();
    this.#asking = false;
    this.#askedAtMs = undefined;
    this.#patienceMs = patienceMs;
  }

  /** One message is on its way at a time; the next one says what has been read since. */
  #tell(kind: "credit" | "ping"): void {
    if (this.#telling || this.#stopped) return;
    this.#telling = true;
    if (kind === "ping") this.#asking = true;
    const toldBefore = this.#told;
    const bytesBefore = this.#untoldBytes;
    this.#told = this.#taken;
    this.#untoldBytes = 0;
    this.#toldAtMs = this.#desk.monotonicMs();
    this.#desk.tell(kind, this.#taken).then(() => {
      this.#telling = false;
      // The answer may have come before this.
      if (this.#asking) this.#askedAtMs ??= this.#desk.monotonicMs();
      if (this.#isDue) this.#tell("credit");
    }, () => {
      this.#telling = false;
      // It goes with the next one: at the latest with the next look.
      this.#told = toldBefore;
      this.#untoldBytes += bytesBefore;
      // A question that has not left is asked again: credit that follows it is none.
      if (kind === "ping") this.#asking = false;
    });
  }

  #lookLater(): void {
    this.#look = this.#desk.after(STREAM_LOOK_MS, () => {
      if (!this.#stopped) this.#lookNow(this.#desk.monotonicMs());
      if (!this.#stopped) this.#lookLater();
    });
  }

  #lookNow(nowMs: number): void {
    const silentMs = nowMs - this.#heardAtMs;
    const unansweredMs = this.#askedAtMs === undefined ? 0 : nowMs - this.#askedAtMs;
    if (unansweredMs >= STREAM_PING_LIMIT_MS) {
      this.#desk.gone("The producer of the stream does not answer any more");
    } else if (silentMs >= STREAM_IDLE_MS) {
      this.#desk.gone(`Nothing was heard of the stream's producer for ${STREAM_IDLE_MS} ms`);
    } else if (this.#askedAtMs === undefined && silentMs >= this.#patienceMs) {
      this.#tell("ping");
    } else if (this.#isDue || nowMs - this.#toldAtMs >= STREAM_HEARTBEAT_MS) {
      this.#tell("credit");
    }
  }
}
