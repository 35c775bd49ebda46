import type { Clock, Timer } from "../../async/clock.ts";
import type { Connection } from "../remote/connection.ts";

/** Servers close a connection after 120 s without traffic. RocketMQ: serverChannelMaxIdleTimeSeconds. */
export const IDLE_LIMIT_MS = 80_000;
/** Looks at a connection while it is idle for its limit; it may be idle for one more. */
const LOOKS = 4;

/** What is watched of a connection. */
export type Watched = Pick<Connection, "frames" | "pendingCalls" | "close">;

/**
 * Closes a connection that nobody uses before its server does: that would look like a connection lost. It looks now and
 * then whether anything came or went, so that traffic itself costs nothing.
 */
export class IdleWatch {
  readonly #connection: Watched;
  readonly #clock: Clock;
  #frames: number;
  #quiet = 0;
  #timer: Timer;

  /** Begins at once; a connection that is closed must be told by {@linkcode IdleWatch.stop}. */
  constructor(connection: Watched, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#frames = connection.frames;
    this.#timer = this.#later();
  }

  /** Looks no more. */
  stop(): void {
    this.#timer.cancel();
  }

  #later(): Timer {
    return this.#clock.after(IDLE_LIMIT_MS / LOOKS, () => this.#look());
  }

  #look(): void {
    const { frames, pendingCalls } = this.#connection;
    this.#quiet = frames === this.#frames && pendingCalls === 0 ? this.#quiet + 1 : 0;
    this.#frames = frames;
    if (this.#quiet >= LOOKS) this.#connection.close();
    else this.#timer = this.#later();
  }
}
