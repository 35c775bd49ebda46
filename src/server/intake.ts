import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Partition, QueueRef, Sink } from "../transport/transport.ts";
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
    const since = this.#shared.parts.clock.monotonic();
    await intake?.revoke();
    await this.#shared.released?.(names(partition).queue);
    this.#partitions.delete(partition);
    const ms = Math.round(this.#shared.parts.clock.monotonic() - since);
    log.info(EVENTS.partition.revoked, { ...names(partition), ms });
  }

  lost(partition: Partition, reason: string): void {
    const intake = this.#partitions.get(partition);
    this.#partitions.delete(partition);
    intake?.lose(reason);
    // Nobody waits for it: the queue is another's already.
    void this.#shared.released?.(names(partition).queue);
    log.warn(EVENTS.partition.lost, { ...names(partition), reason });
  }

  deliver(partition: Partition, delivery: Delivery): void {
    this.#partitions.get(partition)?.deliver(delivery);
  }

  /** A mailbox has room again: hands on what waits. */
  pump(): void {
    for (const intake of this.#partitions.values()) intake.pump();
  }
}

function names(partition: Partition): { topic: string; queue: string } {
  const { topic, broker, id } = partition.queue;
  return { topic, queue: `${broker}/${id}` };
}
