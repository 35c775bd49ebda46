import { within } from "../async/within.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Partition, QueueRef, Sink } from "../transport/transport.ts";
import { DRAIN_LIMIT_MS } from "./defaults.ts";
import { PartitionIntake } from "./partition_intake.ts";
import type { Shared } from "./shared.ts";

const log = logger("partition");

/** The partitions of one service: starts one on assignment, drains it on revocation, drops it when lost. */
export class Intake implements Sink {
  readonly #shared: Shared;
  readonly #partitions = new Map<Partition, PartitionIntake>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  /** The queues that this instance owns now. */
  get queues(): readonly QueueRef[] {
    return [...this.#partitions.keys()].map((partition) => partition.queue);
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
    if (this.#partitions.delete(partition)) await this.#release(partition);
    const ms = Math.round(clock.monotonic() - since);
    log.info(EVENTS.partition.revoked, { ...names(partition), ms });
  }

  lost(partition: Partition, reason: string): void {
    const intake = this.#partitions.get(partition);
    this.#partitions.delete(partition);
    intake?.lose(reason);
    log.warn(EVENTS.partition.lost, { ...names(partition), reason });
    if (intake !== undefined) {
      this.#shared.released(nameOf(partition)).catch((error) => this.#releaseFailed(partition, error));
    }
  }

  deliver(partition: Partition, delivery: Delivery): void {
    this.#partitions.get(partition)?.deliver(delivery);
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
