import type { Clock, Timer } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import type { Random } from "../../async/random.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { brokerRuntimeInfo } from "../../rocketmq/client/broker_info.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { lockQueues } from "../../rocketmq/client/locks.ts";
import { consumerIds } from "../../rocketmq/client/members.ts";
import { allocateAveragely } from "../allocation.ts";
import type { Delivery, Partition, Sink } from "../transport.ts";
import {
  FIRST_ROUND_RETRY_MS,
  OWNER_LIMIT_MS,
  PROBE_INTERVAL_MS,
  RELOCK_INTERVAL_MS,
  TAKEOVER_GRACE_MS,
} from "./defaults.ts";
import type { HeldQueue } from "./held_queue.ts";
import type { PartitionKeeper } from "./partition.ts";
import { QueueSlot } from "./queue_slot.ts";
import { type GroupView, nameOf, unlockForOther } from "./takeover.ts";

/** Which queues a share is about, and for whom. */
export interface ShareOptions {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly sink: Sink;
  readonly topic: string;
  readonly group: string;
  readonly brokerName: string;
  /** The master, `host:port`. */
  readonly address: string;
  readonly queues: number;
  readonly instance: number;
  /**
   * When the queues were found at another address than before, epoch milliseconds: a replica that became the master has
   * not all marks of before. Absent: they were not.
   */
  readonly movedAtMs?: number | undefined;
}

const log = logger("transport");

/**
 * What one broker and one group have to do with each other in this instance: who the members are, which queues are
 * this instance's, and whether the broker still answers. Each broker's queues are divided by that broker's own member
 * list, so a lock, the list and the queues never disagree across brokers.
 */
export class BrokerShare implements PartitionKeeper, GroupView {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly instance: number;
  readonly #options: ShareOptions;
  /** Whether a replica stands in for this master. */
  #away = false;
  readonly #slots: QueueSlot[] = [];
  readonly #lastSeen = new Map<string, number>();
  readonly #startedAt: number;
  #members: ReadonlySet<string> = new Set();
  /** When the latest answered probe or lock was sent: the broker certainly knew us then. */
  #provenAt = -Infinity;
  #relockAt: number;
  #bootAtMs: Promise<number> | undefined;
  /** The boot that the owned queues were taken over in. */
  #knownBootMs: number | undefined;
  #mayHaveRestarted = false;
  #timer: Timer | undefined;
  #probing = false;
  #probeAgain = false;
  #closed = false;
  #idle = createDeferred<void>();
  #endPause: (() => void) | undefined;

  constructor(options: ShareOptions) {
    this.#options = options;
    this.client = options.client;
    this.clock = options.clock;
    this.random = options.random;
    this.instance = options.instance;
    this.#startedAt = this.clock.monotonic();
    this.#relockAt = this.#startedAt + RELOCK_INTERVAL_MS;
    this.#add(options.queues);
  }

  /** The master that this share is about. */
  get address(): string {
    return this.#options.address;
  }

  get group(): string {
    return this.#options.group;
  }

  /**
   * The first round: waits until the broker lists this instance, and tries once for each queue of its own.
   *
   * @throws the signal's reason
   * @throws {RpcError} `unavailable` / `not_sent` when it is closed meanwhile
   */
  async start(signal: AbortSignal | undefined): Promise<void> {
    await this.#probe();
    while (!this.isMember(this.client.clientId)) {
      signal?.throwIfAborted();
      if (!this.#closed) await this.#pause(FIRST_ROUND_RETRY_MS);
      if (this.#closed) throw closedMeanwhile();
      await this.#probe();
    }
    await Promise.all(this.#slots.map((slot) => slot.firstTry));
  }

  /** The broker has more queues by now: takes its part of them too. Fewer are left as they are. */
  grow(queues: number): void {
    if (this.#closed || queues <= this.#slots.length) return;
    this.#add(queues);
    this.look();
  }

  #add(queues: number): void {
    const { topic, group, address, brokerName: broker, sink } = this.#options;
    for (let id = this.#slots.length; id < queues; id++) {
      const queue: HeldQueue = { ref: { topic, broker, id }, group, address };
      this.#slots.push(new QueueSlot(queue, this, sink, () => this.#suspectTime()));
    }
  }

  /** Looks at the members now: the broker said that they changed, or the connection is back. */
  look(): void {
    void this.#probe();
  }

  /**
   * A replica stands in for this master, or no longer does. The master may still answer some who hold its locks, and
   * not the name servers: nothing of its queues is this instance's until they name it again.
   */
  away(away: boolean): void {
    if (away === this.#away) return;
    this.#away = away;
    if (!away) return this.look();
    for (const slot of this.#slots) slot.leave("A replica stands in for its broker");
  }

  /** The connection broke: the broker may be another one when it is back, without locks and its last offsets. */
  disconnected(): void {
    this.#bootAtMs = undefined;
    this.#mayHaveRestarted = true;
  }

  isMember(clientId: string): boolean {
    return this.#members.has(clientId);
  }

  goneForMs(clientId: string): number {
    return this.clock.monotonic() - Math.max(this.#startedAt, this.#lastSeen.get(clientId) ?? 0);
  }

  held(): boolean {
    if (this.clock.monotonic() - this.#provenAt <= OWNER_LIMIT_MS) return true;
    this.#loseAll(`The broker has not answered for ${OWNER_LIMIT_MS} ms`);
    return false;
  }

  answered(askedAt: number): void {
    this.#provenAt = Math.max(this.#provenAt, askedAt);
  }

  deliver(partition: Partition, delivery: Delivery): void {
    this.#options.sink.deliver(partition, delivery);
  }

  failed(queue: HeldQueue, reason: string): void {
    this.#slots[queue.ref.id]?.lose(reason);
  }

  shortened(queue: HeldQueue, reason: string): void {
    this.#slots[queue.ref.id]?.loseShortened(reason);
  }

  /** Hands every queue over and stops. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endPause?.();
    // Probes go on: queues are held, and may be lost, until the last of them is handed over.
    await Promise.all(this.#slots.map((slot) => slot.want(false)));
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#probing) await this.#idle.promise;
  }

  /** Resolves when no probe is under way any more: one that is goes once more, with whoever asks meanwhile. */
  async #probe(): Promise<void> {
    if (this.#probing) {
      this.#probeAgain = true;
      return await this.#idle.promise;
    }
    this.#probing = true;
    this.#idle = createDeferred<void>();
    this.#timer?.cancel();
    do {
      this.#probeAgain = false;
      await this.#probeOnce();
    } while (this.#probeAgain && !this.#closed);
    this.#probing = false;
    this.#idle.resolve();
    const stopped = this.#closed && this.#slots.every((slot) => slot.free);
    if (!stopped) this.#timer = this.clock.after(PROBE_INTERVAL_MS, () => void this.#probe());
  }

  async #probeOnce(): Promise<void> {
    const { client, group, brokerName, address } = this.#options;
    const sentAt = this.clock.monotonic();
    try {
      const ids = await consumerIds(client, address, { group, brokerName }, { timeoutMs: OWNER_LIMIT_MS });
      this.answered(sentAt);
      if (this.#mayHaveRestarted) await this.#checkBoot();
      this.#learnMembers(ids);
      if (sentAt >= this.#relockAt) await this.#relock(sentAt);
    } catch (error) {
      log.debug(EVENTS.transport.roundFailed, { what: `A probe of ${address}`, error });
    }
    this.held();
  }

  #learnMembers(ids: readonly string[]): void {
    this.#members = new Set(ids);
    const now = this.clock.monotonic();
    for (const id of ids) this.#lastSeen.set(id, now);
    // Gone beyond the grace is all there is to know: an id that is forgotten counts as gone since the start.
    const gone = [...this.#lastSeen].flatMap(([id, seenAt]) => now - seenAt > TAKEOVER_GRACE_MS ? id : []);
    for (const id of gone) this.#lastSeen.delete(id);
    // A list without this instance comes from a broker that has not had its heartbeat yet: it keeps what it has.
    if (this.#closed || this.#away || !this.#members.has(this.client.clientId)) return;
    const mine = new Set(allocateAveragely(this.#slots, ids, this.client.clientId));
    for (const slot of this.#slots) void slot.want(mine.has(slot));
    if (gone.length > 0) void this.#unlockForOthers(new Set(gone));
  }

  /** Lets go of what the dead have locked and others are to take. Never rejects: those wait a little longer then. */
  async #unlockForOthers(gone: ReadonlySet<string>): Promise<void> {
    for (const slot of this.#slots) {
      if (slot.wanted || slot.owned || this.#closed) continue;
      try {
        await unlockForOther(slot.queue, this, gone);
      } catch (error) {
        log.debug(EVENTS.transport.roundFailed, { what: `Unlocking ${nameOf(slot.queue)}`, error });
      }
    }
  }

  async #relock(now: number): Promise<void> {
    const { client, group, address, topic, brokerName } = this.#options;
    const held = this.#slots.filter((slot) => slot.owned);
    this.#relockAt = now + RELOCK_INTERVAL_MS;
    if (held.length === 0) return;
    const queues = held.map(({ queue }) => ({ topic, brokerName, queueId: queue.ref.id }));
    const locked = new Set(
      (await lockQueues(client, address, { group, queues })).map(({ queueId }) => queueId),
    );
    for (const slot of held) {
      if (!locked.has(slot.queue.ref.id)) slot.lose("The broker gave its lock to another instance");
    }
  }

  async #checkBoot(): Promise<void> {
    const known = this.#knownBootMs;
    const bootAtMs = await this.#bootTime();
    this.#mayHaveRestarted = false;
    if (known !== undefined && bootAtMs !== known) this.#loseAll("The broker was restarted");
  }

  /** Ends early when this share is closed. */
  #pause(ms: number): Promise<void> {
    const { promise, resolve } = createDeferred<void>();
    const timer = this.clock.after(ms, resolve);
    this.#endPause = () => {
      timer.cancel();
      resolve();
    };
    return promise;
  }

  #loseAll(reason: string): void {
    for (const slot of this.#slots) if (slot.owned) slot.lose(reason);
  }

  /** What was stored before may have been started though no mark says so. */
  async #suspectTime(): Promise<number> {
    return Math.max(await this.#bootTime(), this.#options.movedAtMs ?? 0);
  }

  #bootTime(): Promise<number> {
    this.#bootAtMs ??= brokerRuntimeInfo(this.client, this.address).then(
      ({ bootAtMs }) => this.#knownBootMs = bootAtMs,
      (error) => {
        this.#bootAtMs = undefined;
        throw error;
      },
    );
    return this.#bootAtMs;
  }
}

function closedMeanwhile(): RpcError {
  return new RpcError("unavailable", "The group was left before it was joined", { outcome: "not_sent" });
}
