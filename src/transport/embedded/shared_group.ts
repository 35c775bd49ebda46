import type { Timer } from "../../async/clock.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { Sink } from "../transport.ts";
import { type ConsumerGroup, type GroupHost, settleForGroup } from "./group.ts";
import { LinkedList } from "../../collections/linked_list.ts";
import { RECORDED } from "./gone.ts";
import { type Ledger, SharedPartition } from "./shared_partition.ts";
import { type Handout, SharedQueue } from "./shared_queue.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";

/** A member of a group. */
interface Member {
  readonly sink: Sink;
  readonly partitions: readonly SharedPartition[];
}

const log = logger("partition");

/**
 * A consumer group that settles message by message, as POP does: every member takes from every queue; what is delivered
 * is invisible to others for a while, and is delivered again if it is not settled by then. Messages of one message
 * group are delivered one at a time.
 */
export class SharedGroup implements ConsumerGroup, Ledger {
  readonly #host: GroupHost;
  readonly #queues: readonly SharedQueue[];
  readonly #members = new Map<string, Member>();
  /** Dead members. They are told only if they ask. */
  readonly #dead = new Map<string, Member>();
  /** What is delivered and not settled, by the time at which it becomes visible again. */
  readonly #out = new LinkedList<Handout>();
  #expiry: Timer | undefined;

  constructor(queues: readonly StoredQueue[], host: GroupHost) {
    this.#host = host;
    const handOut = (handout: Handout, partition: SharedPartition): void => this.#handOut(handout, partition);
    this.#queues = queues.map((queue) => new SharedQueue(queue, host.turns, handOut));
  }

  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  join(clientId: string, sink: Sink): void {
    const partitions = this.#queues.map((queue) => new SharedPartition(queue, clientId, sink, this));
    this.#members.set(clientId, { sink, partitions });
    for (const [index, partition] of partitions.entries()) {
      this.#queues[index]?.partitions.push(partition);
      sink.assigned(partition);
    }
  }

  async leave(clientId: string): Promise<void> {
    const dead = this.#dead.get(clientId);
    if (dead !== undefined) {
      this.#dead.delete(clientId);
      return this.#lose(dead, "The instance is dead");
    }
    const member = this.#members.get(clientId);
    if (member === undefined) return;
    await Promise.all(member.partitions.map((partition) => this.#drain(member, partition)));
    // It died, or the broker was closed, while it was drained.
    if (this.#dead.has(clientId) || !this.#members.delete(clientId)) return;
    for (const handout of this.#out) {
      if (handout.holder?.clientId === clientId) this.giveBack(handout, 0);
    }
  }

  kill(clientId: string): void {
    const member = this.#members.get(clientId);
    if (member === undefined) return;
    this.#dead.set(clientId, member);
    for (const partition of member.partitions) this.#close(partition);
  }

  bury(clientId: string): void {
    this.#members.delete(clientId);
  }

  /** Nobody owns anything here: there is nothing to lose. */
  lose(_clientId: string, _reason: string): void {}

  arrived(stored: StoredMessage): void {
    this.#queues[stored.queue.ref.id]?.arrived(stored);
  }

  settle(handout: Handout): void {
    const { retention } = this.#host;
    this.#out.remove(handout);
    handout.holder = undefined;
    settleForGroup(handout.stored, retention, retention.now());
    this.#host.journal?.changed(handout.stored);
    handout.queue.settled(handout.stored);
  }

  giveBack(handout: Handout, ms: number): void {
    this.#out.remove(handout);
    handout.holder = undefined;
    handout.starts++;
    if (ms === 0) handout.queue.again(handout);
    else this.#host.after(ms, () => handout.queue.again(handout));
  }

  recorded(): Promise<void> {
    return this.#host.journal?.recorded() ?? RECORDED;
  }

  close(reason: string): void {
    for (const [clientId, member] of this.#members) {
      for (const partition of member.partitions) this.#close(partition);
      if (!this.#dead.has(clientId)) this.#lose(member, reason);
    }
    this.#members.clear();
    this.#expiry?.cancel();
  }

  #lose({ sink, partitions }: Member, reason: string): void {
    for (const partition of partitions) sink.lost(partition, reason);
  }

  async #drain({ sink }: Member, partition: SharedPartition): Promise<void> {
    partition.drain();
    try {
      await sink.revoked(partition);
    } catch (error) {
      log.error(EVENTS.transport.listenerFailed, { error });
    }
    this.#close(partition);
  }

  #close(partition: SharedPartition): void {
    partition.close();
    const partitions = this.#queues[partition.queue.id]?.partitions ?? [];
    const index = partitions.indexOf(partition);
    if (index >= 0) partitions.splice(index, 1);
  }

  #handOut(handout: Handout, partition: SharedPartition): void {
    handout.holder = partition;
    handout.dueAt = this.#host.monotonic() + this.#host.redeliverAfterMs;
    this.#out.append(handout);
    if (this.#host.journal !== undefined) {
      handout.stored.starts = handout.starts + 1;
      this.#host.journal.changed(handout.stored);
    }
    this.#expiry ??= this.#host.after(this.#host.redeliverAfterMs, () => this.#expire());
    partition.deliver(handout);
  }

  /** Takes back what was not settled in time. */
  #expire(): void {
    this.#expiry = undefined;
    const now = this.#host.monotonic();
    while (this.#out.first !== undefined && this.#out.first.dueAt <= now) this.giveBack(this.#out.first, 0);
    const { first } = this.#out;
    if (first !== undefined) this.#expiry = this.#host.after(first.dueAt - now, () => this.#expire());
  }
}
