import { allocateAveragely } from "../allocation.ts";
import type { Sink } from "../transport.ts";
import { EmbeddedPartition } from "./partition.ts";
import type { StoredQueue } from "./stored_queue.ts";

/** What a group remembers of one queue, whoever owns it. */
export interface QueueState {
  /** Everything below is settled. */
  commit: number;
  /** Everything below was started once, twice, three times. */
  readonly marks: [number, number, number];
  owner: EmbeddedPartition | undefined;
  /** Set while its owner hands it over: resolves when the next one has it. */
  moving: Promise<void> | undefined;
}

/** A member of a group. */
export interface GroupMember {
  readonly clientId: string;
  readonly sink: Sink;
}

/** A consumer group of one topic: who owns which queue, what is settled, what was started. */
export class ConsumerGroup {
  readonly topic: string;
  readonly #queues: readonly StoredQueue[];
  readonly #states: readonly QueueState[];
  readonly #members = new Map<string, GroupMember>();
  readonly #wake: () => void;

  constructor(topic: string, queues: readonly StoredQueue[], wake: () => void) {
    this.topic = topic;
    this.#queues = queues;
    this.#wake = wake;
    this.#states = queues.map(() => ({ commit: 0, marks: [0, 0, 0], owner: undefined, moving: undefined }));
  }

  /** The ids of all members. */
  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** What is remembered of a queue. */
  state(queue: number): Readonly<QueueState> | undefined {
    return this.#states[queue];
  }

  /** Adds a member and gives it its share; queues of others follow once those have drained them. */
  join(member: GroupMember): void {
    this.#members.set(member.clientId, member);
    void this.#rebalance();
  }

  /** Takes a member out: resolves when all its queues were drained and given to others. */
  async leave(clientId: string): Promise<void> {
    this.#members.delete(clientId);
    await this.#rebalance();
  }

  /** Takes a member out as a process death would: its partitions are lost, nothing is drained. */
  drop(clientId: string, reason: string): void {
    const member = this.#members.get(clientId);
    this.#members.delete(clientId);
    for (const state of this.#states) {
      if (state.owner?.clientId !== clientId) continue;
      const partition = state.owner;
      state.owner = undefined;
      partition.close();
      member?.sink.lost(partition, reason);
    }
    void this.#rebalance();
  }

  /** Delivers what the partitions ask for. */
  deliver(): void {
    for (const { owner } of this.#states) owner?.deliver();
  }

  async #rebalance(): Promise<void> {
    await Promise.all(this.#states.map((state, queue) => state.moving ?? this.#place(state, queue)));
  }

  /** Brings one queue to whom it belongs by now. */
  #place(state: QueueState, queue: number): Promise<void> | undefined {
    const target = this.#ownerOf(queue);
    const { owner } = state;
    if (owner?.clientId === target?.clientId) return undefined;
    if (owner !== undefined) return state.moving = this.#move(state, queue, owner);
    const stored = this.#queues[queue];
    if (target === undefined || stored === undefined) return undefined;
    const ref = { topic: this.topic, broker: "embedded", id: queue };
    state.owner = new EmbeddedPartition(ref, stored, state, target, this.#wake);
    target.sink.assigned(state.owner);
    return undefined;
  }

  /** Members may come and go meanwhile: who gets the queue is asked again once it is free. */
  async #move(state: QueueState, queue: number, owner: EmbeddedPartition): Promise<void> {
    await owner.handOver();
    state.moving = undefined;
    if (state.owner === owner) state.owner = undefined;
    await this.#place(state, queue);
  }

  #ownerOf(queue: number): GroupMember | undefined {
    const indices = this.#queues.map((_, index) => index);
    for (const [clientId, member] of this.#members) {
      if (allocateAveragely(indices, this.members, clientId).includes(queue)) return member;
    }
    return undefined;
  }
}
