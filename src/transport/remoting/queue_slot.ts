import { Backoff } from "../../async/backoff.ts";
import type { Timer } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { Sink } from "../transport.ts";
import { TAKEOVER_RETRY_MS } from "./defaults.ts";
import { retryAfterMs } from "./errors.ts";
import type { HeldQueue } from "./held_queue.ts";
import { type PartitionKeeper, RemotingPartition } from "./partition.ts";
import { enterAsOwner, type GroupView, nameOf, tryLock, unlock } from "./takeover.ts";

const log = logger("partition");

/**
 * One queue that this instance may own: takes it over when it is wanted, hands it over when it is not, drops it when
 * it is lost. One step at a time.
 */
export class QueueSlot {
  readonly queue: HeldQueue;
  /** Resolves after the first try to take the queue, or at once where it was never wanted. */
  readonly firstTry: Promise<void>;
  readonly #keeper: PartitionKeeper & GroupView;
  readonly #sink: Sink;
  readonly #bootTime: () => Promise<number>;
  readonly #backoff: Backoff;
  readonly #tried = createDeferred<void>();
  #wanted = false;
  #partition: RemotingPartition | undefined;
  #running: Promise<void> | undefined;
  #work: Promise<void> | undefined;
  /** The partition that was lost last: what it knows may be more than the broker remembers. */
  #former: RemotingPartition | undefined;
  /** Whether the broker has lost messages that the known past counts. */
  #shortened = false;
  /** Whether the broker may hold its lock for this instance. */
  #locked = false;
  #pause: { readonly timer: Timer; end(): void } | undefined;

  constructor(
    queue: HeldQueue,
    keeper: PartitionKeeper & GroupView,
    sink: Sink,
    bootTime: () => Promise<number>,
  ) {
    this.queue = queue;
    this.#keeper = keeper;
    this.#sink = sink;
    this.#bootTime = bootTime;
    this.firstTry = this.#tried.promise;
    this.#backoff = new Backoff({ ...TAKEOVER_RETRY_MS, random: keeper.random });
  }

  /** Whether it is to be this instance's. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Whether this instance owns the queue now. */
  get owned(): boolean {
    return this.#partition !== undefined;
  }

  /** Whether nothing of it is owned or under way. */
  get free(): boolean {
    return this.#partition === undefined && !this.#locked && this.#work === undefined;
  }

  /** Says whether the queue shall be this instance's. Resolves when no step is under way any more. */
  want(wanted: boolean): Promise<void> {
    this.#wanted = wanted;
    if (!wanted) {
      this.#tried.resolve();
      this.#pause?.end();
    }
    return this.#settle();
  }

  /** Gives the queue up at once: it may be another's already. Taken over again if it is still wanted. */
  lose(reason: string): void {
    const partition = this.#partition;
    if (partition === undefined) return;
    this.#partition = undefined;
    partition.close(reason);
    this.#former = partition;
    this.#sink.lost(partition, reason);
    void this.#settle();
  }

  /** Gives the queue up at once, and does not take it over again before it is wanted again. */
  leave(reason: string): void {
    this.#wanted = false;
    this.lose(reason);
    void this.want(false);
  }

  /** The same as {@linkcode QueueSlot.lose}, where the queue turned out shorter than what is known of it. */
  loseShortened(reason: string): void {
    this.#shortened = true;
    this.lose(reason);
  }

  /** Goes on until the queue is as it is wanted; a second caller joins the first. */
  #settle(): Promise<void> {
    if (this.#settled()) return this.#work ?? Promise.resolve();
    this.#work ??= this.#steps().finally(() => {
      this.#work = undefined;
      void this.#settle();
    });
    return this.#work;
  }

  async #steps(): Promise<void> {
    while (!this.#settled()) {
      if (this.#wanted) await this.#take();
      else if (this.owned) await this.#handOver();
      else await this.#unlock();
    }
  }

  #settled(): boolean {
    return this.#wanted ? this.owned : !this.owned && !this.#locked;
  }

  async #take(): Promise<void> {
    try {
      const askedAt = this.#keeper.clock.monotonic();
      const step = await tryLock(this.queue, this.#keeper);
      if (step === "locked") {
        this.#locked = true;
        // Else a queue that is taken back after a pause would be lost again until the next probe.
        this.#keeper.answered(askedAt);
        return await this.#own();
      }
      this.#tried.resolve();
      await this.#wait(step);
    } catch (error) {
      this.#tried.resolve();
      log.warn(EVENTS.partition.takeoverFailed, { ...this.#names(), error });
      await this.#wait(retryAfterMs(error, this.#backoff.next()));
    }
  }

  async #own(): Promise<void> {
    const past = await enterAsOwner(this.queue, this.#keeper, {
      remembered: this.#former?.past(),
      shortened: this.#shortened,
      bootAtMs: await this.#bootTime(),
    });
    this.#former = undefined;
    this.#shortened = false;
    this.#backoff.reset();
    const partition = new RemotingPartition(this.queue, past, this.#keeper);
    this.#partition = partition;
    log.info(EVENTS.partition.assigned, {
      ...this.#names(),
      offset: past.commit,
      suspects: Math.max(0, (past.marks[0] ?? 0) - past.commit),
    });
    this.#sink.assigned(partition);
    this.#running = partition.run();
    this.#tried.resolve();
  }

  async #handOver(): Promise<void> {
    const partition = this.#partition;
    if (partition === undefined) return;
    partition.stopPulling();
    await this.#sink.revoked(partition);
    // Lost while it was drained: there is nothing to give back.
    if (this.#partition !== partition) return;
    try {
      await partition.commitNow();
    } catch (error) {
      log.warn(EVENTS.partition.takeoverFailed, { ...this.#names(), error });
    }
    partition.close("The queue was handed over");
    this.#partition = undefined;
    await this.#running;
    await this.#unlock();
  }

  async #unlock(): Promise<void> {
    this.#locked = false;
    try {
      await unlock(this.queue, this.#keeper);
    } catch (error) {
      // The broker lets go by itself: at once when this instance leaves, else when the lock is not renewed.
      log.debug(EVENTS.transport.roundFailed, { what: `Unlocking ${nameOf(this.queue)}`, error });
    }
  }

  #wait(ms: number): Promise<void> {
    const { promise, resolve } = createDeferred<void>();
    const timer = this.#keeper.clock.after(ms, resolve);
    this.#pause = { timer, end: resolve };
    return promise.finally(() => {
      timer.cancel();
      this.#pause = undefined;
    });
  }

  #names(): { readonly topic: string; readonly queue: string } {
    return { topic: this.queue.ref.topic, queue: nameOf(this.queue) };
  }
}
