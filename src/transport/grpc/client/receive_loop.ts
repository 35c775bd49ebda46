import { Backoff } from "../../../async/backoff.ts";
import type { Random } from "../../../async/random.ts";
import type { ProtoMessage } from "../../../deps/rocketmq_proto.ts";
import { pause } from "../../pause.ts";
import { untilAborted } from "../../until_aborted.ts";
import { HASTY_MS, LOOK_AGAIN_MS, RECEIVE_RETRY_MS } from "./defaults.ts";
import type { Lease } from "./connection.ts";
import { receive, type ReceiveOptions } from "./receive.ts";
import type { Session } from "./session.ts";

/** Whose messages are received, and who takes them. */
export interface ReceiveLoopOptions extends ReceiveOptions {
  readonly session: Session;
  readonly random: Random;
  /** How many messages it may ask for now; 0: none until it is woken. */
  readonly room: () => number;
  /** Takes one message. Must not throw. */
  readonly take: (message: ProtoMessage) => void;
  /** Told of each receive that failed. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Receives from one broker, one held receive after the other: more at once cost more than they bring. It never leaves a
 * receive behind, because the broker would hand that one messages that nobody sees.
 *
 * Brokers do not notice what arrives while they begin to hold a receive; it would lie there until that ends. So one
 * that was begun where messages are about is followed by a second look, which finds what lies there, or is held too.
 */
export class ReceiveLoop {
  readonly #options: ReceiveLoopOptions;
  readonly #backoff: Backoff;
  /** Ends between two receives. */
  readonly #stopping = new AbortController();
  /** Ends within one. */
  readonly #abandoned = new AbortController();
  #wake: (() => void) | undefined;
  /** Whether the last receive brought something. The first one may be begun behind messages, too. */
  #busy = true;
  #second: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ReceiveLoopOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...RECEIVE_RETRY_MS, random: options.random });
  }

  /** The broker that it receives from. */
  get broker(): string {
    return this.#options.broker;
  }

  /** Begins. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be room again. */
  wake(): void {
    this.#wake?.();
  }

  /** Receives no more, and resolves when the running receive has ended: within its poll. Idempotent. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    return this.#running ?? Promise.resolve();
  }

  /** Gives up the running receive too: for whose messages nobody waits any more. */
  abandon(): Promise<void> {
    this.#abandoned.abort();
    return this.stop();
  }

  async #run(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      const room = this.#options.room();
      if (room <= 0) await this.#woken();
      else await this.#receive(room, stopping);
    }
    await this.#second;
  }

  /** Receives a second time while the first one is held, and only once. */
  #lookAgain(lease: Lease): void {
    const room = this.#options.room();
    if (this.#second !== undefined || room <= 0 || this.#stopping.signal.aborted) return;
    const { take, onTrouble } = this.#options;
    const looked = receive(lease, this.#options, room, take, this.#abandoned.signal);
    this.#second = looked.then((error) => {
      this.#second = undefined;
      if (error !== undefined && !this.#stopping.signal.aborted) onTrouble(error);
    });
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  async #receive(room: number, stopping: AbortSignal): Promise<void> {
    const { session, clock, take, onTrouble } = this.#options;
    let taken = 0;
    const since = clock.monotonic();
    try {
      const { lease } = await untilAborted(session.ready(), stopping);
      if (stopping.aborted) return;
      const again = this.#busy ? clock.after(LOOK_AGAIN_MS, () => this.#lookAgain(lease)) : undefined;
      const error = await receive(lease, this.#options, room, (message) => {
        taken++;
        take(message);
      }, this.#abandoned.signal);
      again?.cancel();
      this.#busy = taken > 0;
      if (stopping.aborted) return;
      if (error !== undefined) {
        onTrouble(error);
        return await pause(clock, this.#backoff.next(), stopping);
      }
      // An answer can be empty though time is left: as long as it is, it comes at ever longer intervals.
      if (taken === 0 && clock.monotonic() - since < HASTY_MS) {
        return await pause(clock, this.#backoff.next(), stopping);
      }
      this.#backoff.reset();
    } catch (error) {
      if (stopping.aborted) return;
      onTrouble(error);
      await pause(clock, this.#backoff.next(), stopping).catch(() => {});
    }
  }
}
