import type { Timer } from "../async/clock.ts";
import { within } from "../async/within.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Partition, QueueRef, Sink } from "../transport/transport.ts";
import { DRAIN_LIMIT_MS, SWEEP_MS } from "./defaults.ts";
import type { Holder } from "./holds.ts";
import { PartitionIntake, type QueueBacklog } from "./partition_intake.ts";
import type { Shared } from "./shared.ts";

const log = logger("partition");

/** The partitions of one service: starts one on assignment, drains it on revocation, drops it when lost. */
export class Intake implements Sink {
  readonly #shared: Shared;
  readonly #partitions = new Map<Partition, PartitionIntake>();
  /** Set while there may be something to let go of. */
  #sweep: Timer | undefined;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** The queues that this instance owns now. */
  get queues(): readonly QueueRef[] {
    return [...this.#partitions.keys()].map((partition) => partition.queue);
  }

  /** How far each of them is behind. */
  get backlogs(): readonly QueueBacklog[] {
    return [...this.#partitions.values()].map((intake) => intake.backlog);
  }

  /** Calls received and not settled, over all partitions. */
  get unsettled(): number {
    let calls = 0;
    for (const intake of this.#partitions.values()) calls += intake.unsettled;
    return calls;
  }

  assigned(partition: Partition): void {
    this.#partitions.set(partition, new PartitionIntake(partition, this.#shared));
  }

  async revoked(partition: Partition): Promise<void> {
    const intake = this.#partitions.get(partition);
    const { clock } = this.#shared.parts;
    const since = clock.monotonic();
    await intake?.revoke();
    // Lost while it was drained: then it was released already.
    if (this.#forget(partition)) await this.#release(partition);
    const ms = Math.round(clock.monotonic() - since);
    log.info(EVENTS.partition.revoked, { ...names(partition), ms });
  }

  lost(partition: Partition, reason: string): void {
    const intake = this.#partitions.get(partition);
    this.#forget(partition);
    intake?.lose(reason);
    log.warn(EVENTS.partition.lost, { ...names(partition), reason });
    if (intake !== undefined) {
      this.#shared.released(nameOf(partition)).catch((error) => this.#releaseFailed(partition, error));
    }
  }

  deliver(partition: Partition, delivery: Delivery): void {
    this.#partitions.get(partition)?.deliver(delivery);
    if (this.#sweep === undefined) this.#sweepLater();
  }

  /** The calls that hold their queue up and cannot be let go. */
  get holders(): readonly Holder[] {
    return [...this.#partitions.values()].flatMap((intake) => intake.holders);
  }

  /** A mailbox has room again: hands on what waits. */
  pump(): void {
    for (const intake of this.#partitions.values()) intake.pump();
  }

  /** Ends the call of that id as its caller asks; `false` when none came through these partitions. */
  cancel(callId: string): boolean {
    for (const intake of this.#partitions.values()) {
      if (intake.cancel(callId)) return true;
    }
    return false;
  }

  #forget(partition: Partition): boolean {
    const known = this.#partitions.delete(partition);
    if (this.#partitions.size === 0) {
      this.#sweep?.cancel();
      this.#sweep = undefined;
    }
    return known;
  }

  /** One timer for all partitions, and none while nothing is under way. */
  #sweepLater(): void {
    const { wheel, clock } = this.#shared.parts;
    this.#sweep = wheel.schedule(SWEEP_MS, () => {
      this.#sweep = undefined;
      const now = clock.monotonic();
      let busy = false;
      for (const intake of this.#partitions.values()) busy = intake.sweep(now) || busy;
      if (busy) this.#sweepLater();
    });
  }

  /** Lets what belongs to the partition go, for as long as a drain may take. Never rejects. */
  async #release(partition: Partition): Promise<void> {
    const { clock } = this.#shared.parts;
    const late = () => new TypeError(`It took longer than ${DRAIN_LIMIT_MS} ms`);
    try {
      const released = this.#shared.released(nameOf(partition));
      await within(released, DRAIN_LIMIT_MS, (ms, callback) => clock.after(ms, callback), late);
    } catch (error) {
      this.#releaseFailed(partition, error);
    }
  }

  #releaseFailed(partition: Partition, error: unknown): void {
    log.error(EVENTS.partition.releaseFailed, { ...names(partition), error });
  }
}

function names(partition: Partition): { topic: string; queue: string } {
  return { topic: partition.queue.topic, queue: nameOf(partition) };
}

/** What calls and mailboxes know the partition by. */
function nameOf({ queue: { broker, id } }: Partition): string {
  return `${broker}/${id}`;
}
