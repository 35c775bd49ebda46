import assert from "node:assert/strict";
import type { Delivery, Partition, QueueRef, Sink } from "../../src/transport/transport.ts";

/** A sink that takes what it is asked to and remembers everything; complains when it is used against its promises. */
export class RecordingSink implements Sink {
  /** What it holds now, by queue. */
  readonly held = new Map<string, Partition>();
  readonly deliveries: Delivery[] = [];
  /** Every step, in order: `assigned a/0`, `revoked a/0`, `lost a/0`. */
  readonly steps: string[] = [];
  /** What each new partition is asked for. */
  demand: number;
  /** How long a hand-over takes. */
  onRevoked: (partition: Partition) => Promise<void> = () => Promise.resolve();
  onDelivery: (delivery: Delivery) => void = () => {};

  /** @param demand what each new partition is asked for */
  constructor(demand = 1_000) {
    this.demand = demand;
  }

  /** The ids of the queues that it holds, sorted. */
  get queues(): readonly number[] {
    return [...this.held.values()].map(({ queue }) => queue.id).sort((one, other) => one - other);
  }

  /** The bodies that were delivered, as text. */
  get texts(): readonly string[] {
    return this.deliveries.map(textOf);
  }

  /** The partition of a queue that it holds. */
  partition(queue: QueueRef): Partition {
    const partition = this.held.get(nameOf(queue));
    assert.ok(partition !== undefined, `${nameOf(queue)} is not held`);
    return partition;
  }

  /** The delivery whose body is that text; the last one where it was delivered more than once. */
  delivery(text: string): Delivery {
    const delivery = this.deliveries.findLast((candidate) => textOf(candidate) === text);
    assert.ok(delivery !== undefined, `${JSON.stringify(text)} was not delivered`);
    return delivery;
  }

  assigned(partition: Partition): void {
    const name = nameOf(partition.queue);
    assert.ok(!this.held.has(name), `${name} was assigned twice`);
    this.held.set(name, partition);
    this.steps.push(`assigned ${name}`);
    if (this.demand > 0) partition.demand(this.demand);
  }

  async revoked(partition: Partition): Promise<void> {
    const name = nameOf(partition.queue);
    assert.equal(this.held.get(name), partition, `${name} was revoked, but is not held`);
    await this.onRevoked(partition);
    this.held.delete(name);
    this.steps.push(`revoked ${name}`);
  }

  lost(partition: Partition, _reason: string): void {
    const name = nameOf(partition.queue);
    this.held.delete(name);
    this.steps.push(`lost ${name}`);
  }

  deliver(partition: Partition, delivery: Delivery): void {
    const name = nameOf(partition.queue);
    assert.equal(this.held.get(name), partition, `${name} delivered, but is not held`);
    assert.deepEqual({ ...delivery.queue }, { ...partition.queue });
    this.deliveries.push(delivery);
    this.onDelivery(delivery);
  }
}

function nameOf({ broker, id }: QueueRef): string {
  return `${broker}/${id}`;
}

function textOf({ message }: Delivery): string {
  return new TextDecoder().decode(message.body);
}
