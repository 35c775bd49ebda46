import type { Timer } from "../../async/clock.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { allocateAveragely } from "../allocation.ts";
import type { Sink } from "../transport.ts";
import type { ConsumerGroup, GroupHost } from "./group.ts";
import { OwnedPartition } from "./owned_partition.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";

/** What a group remembers of one queue, whoever owns it. */
export interface QueueState {
  /** The group's name. */
  readonly group: string;
  readonly queue: StoredQueue;
  /** Everything below is settled. */
  commit: number;
  /** Everything below was started once, twice, three times. */
  readonly marks: [number, number, number];
  /** The first message that is not settled. */
  first: StoredMessage | undefined;
  /** The member that holds the lock, dead or alive. */
  lockedBy: string | undefined;
  /** Set while the holder of the lock is at work. */
  owner: OwnedPartition | undefined;
  /** Set while its owner hands it over: resolves when the next one has it. */
  moving: Promise<void> | undefined;
  /** Set while a dead holder's grace lasts. */
  grace: Timer | undefined;
}

/** What a broker's file says of one queue. */
export interface RestoredState {
  readonly commit: number;
  readonly marks: readonly [number, number, number];
}

/** A member of a group. */
interface Member {
  readonly clientId: string;
  readonly sink: Sink;
  readonly joinedAt: number;
}

const log = logger("partition");

/**
 * A consumer group with one committed offset per queue: who holds which lock, what is settled, what was started. A
 * dead member keeps its locks, as on RocketMQ: they are taken from it when it has been gone for the grace.
 */
export class OffsetGroup implements ConsumerGroup {
  readonly #states: readonly QueueState[];
  readonly #members = new Map<string, Member>();
  /** By dead member: what it owned. It is told only if it asks. */
  readonly #orphans = new Map<string, readonly OwnedPartition[]>();
  /** Dead members that are no longer listed, and since when. */
  readonly #goneAt = new Map<string, number>();
  readonly #host: GroupHost;
  /** Members that were taken for dead and may wake up. */
  readonly #frozen = new Set<string>();
  /** Which member shall own which queue. */
  #targets: readonly (Member | undefined)[] = [];

  /**
   * @param group its name
   * @param queues those of its topic
   * @param host its broker
   * @param restored by queue: what it had settled and started before its broker was
   */
  constructor(
    group: string,
    queues: readonly StoredQueue[],
    host: GroupHost,
    restored?: ReadonlyMap<number, RestoredState>,
  ) {
    this.#host = host;
    this.#states = queues.map((queue) => stateOf(group, queue, restored?.get(queue.ref.id)));
    if (restored === undefined) { for (const state of this.#states) host.journal?.progressed(state); }
  }

  get members(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** Messages above the commits of all queues. */
  get unsettled(): number {
    return this.#states.reduce((sum, { queue, commit }) => sum + queue.end - commit, 0);
  }

  /** What is remembered of a queue. */
  state(queue: number): Readonly<QueueState> | undefined {
    return this.#states[queue];
  }

  join(clientId: string, sink: Sink): void {
    this.#members.set(clientId, { clientId, sink, joinedAt: this.#host.monotonic() });
    this.#rebalance();
  }

  async leave(clientId: string): Promise<void> {
    const orphans = this.#orphans.get(clientId);
    if (orphans !== undefined) {
      this.#frozen.delete(clientId);
      this.#orphans.set(clientId, []);
      for (const orphan of orphans) orphan.sink.lost(orphan, "The instance is dead");
      return;
    }
    const owned = this.#states.filter(({ owner }) => owner?.clientId === clientId);
    this.#members.delete(clientId);
    this.#rebalance();
    await Promise.all(owned.map(({ moving }) => moving));
  }

  kill(clientId: string): void {
    this.#frozen.delete(clientId);
    const orphans: OwnedPartition[] = [];
    for (const state of this.#states) {
      if (state.owner?.clientId !== clientId) continue;
      orphans.push(state.owner);
      state.owner.close();
      state.owner = undefined;
      // Nobody drains it any more; its lock stays.
      state.moving = undefined;
    }
    // One that leaves is no member any more, and owns what it still drains.
    if (orphans.length > 0 || this.#members.has(clientId)) this.#orphans.set(clientId, orphans);
  }

  bury(clientId: string): void {
    if (!this.#orphans.has(clientId)) return;
    this.#members.delete(clientId);
    this.#goneAt.set(clientId, this.#host.monotonic());
    this.#rebalance();
  }

  lose(clientId: string, reason: string): void {
    const lost = this.#states.filter(({ owner }) => owner?.clientId === clientId);
    for (const state of lost) this.#take(state, reason);
    this.#rebalance();
  }

  /** Takes one queue from its owner without draining, as when its lock is taken by mistake. For the test kit. */
  loseQueue(queue: number, reason: string): void {
    const state = this.#states[queue];
    if (state?.owner === undefined) return;
    this.#take(state, reason);
    this.#rebalance();
  }

  /** Has one queue drained and given back, and gives it to whom it belongs then. For the test kit. */
  handOver(queue: number): void {
    const state = this.#states[queue];
    if (state?.owner === undefined || state.moving !== undefined) return;
    state.moving = this.#handOver(state, state.owner);
  }

  /**
   * Takes a member that is frozen for dead: as {@linkcode OffsetGroup.bury} at once, but it may wake up. For the test kit.
   *
   * @returns wakes it up: it is told what it has lost, and joins again; absent where it is no member
   */
  freeze(clientId: string): (() => void) | undefined {
    const member = this.#members.get(clientId);
    if (member === undefined || this.#orphans.has(clientId)) return undefined;
    this.kill(clientId);
    this.bury(clientId);
    this.#frozen.add(clientId);
    return () => {
      const orphans = this.#orphans.get(clientId);
      // It has left, or died, since.
      if (orphans === undefined || !this.#frozen.delete(clientId)) return;
      this.#orphans.delete(clientId);
      this.#goneAt.delete(clientId);
      // What nobody has taken from it by now is free: it does not know any more that it is its own.
      for (const state of this.#states) {
        if (state.lockedBy === clientId && state.owner === undefined) state.lockedBy = undefined;
      }
      for (const orphan of orphans) member.sink.lost(orphan, "The instance was frozen for too long");
      this.join(clientId, member.sink);
    };
  }

  /**
   * Goes back to what was on disk of one queue, as a broker does that is killed: its commit and its marks stand up to
   * `messages` places lower, its owner has lost it, and whatever lies above the commit may have been started. For the
   * test kit.
   */
  rollBack(queue: number, messages: number): void {
    const state = this.#states[queue];
    if (state === undefined) return;
    this.#take(state, "The broker was started anew");
    const commit = this.#host.reopen(state.queue, Math.max(0, state.commit - messages));
    state.first = state.queue.unsettled.first;
    state.commit = commit;
    state.marks[0] = state.queue.end;
    for (const level of [1, 2]) state.marks[level] = Math.min(state.marks[level] ?? 0, commit);
    this.#host.journal?.progressed(state);
    this.#rebalance();
  }

  arrived(stored: StoredMessage): void {
    const state = this.#states[stored.queue.ref.id];
    if (state === undefined) return;
    state.first ??= stored;
    state.owner?.arrived(stored);
  }

  close(reason: string): void {
    this.#members.clear();
    this.#targets = [];
    for (const state of this.#states) {
      state.grace?.cancel();
      this.#take(state, reason);
    }
  }

  #take(state: QueueState, reason: string): void {
    const { owner } = state;
    state.owner = state.lockedBy = state.moving = undefined;
    if (owner === undefined) return;
    owner.close();
    owner.sink.lost(owner, reason);
  }

  #rebalance(): void {
    const members = this.members;
    const targets: Member[] = [];
    for (const [clientId, member] of this.#members) {
      for (const state of allocateAveragely(this.#states, members, clientId)) {
        targets[state.queue.ref.id] = member;
      }
    }
    this.#targets = targets;
    for (const state of this.#states) this.#place(state);
  }

  /** Brings one queue to whom it belongs by now. */
  #place(state: QueueState): void {
    const target = this.#targets[state.queue.ref.id];
    const { owner } = state;
    // Members may come and go meanwhile: who gets the queue is asked again once it is free.
    if (state.moving !== undefined) return;
    if (owner !== undefined) {
      if (owner.clientId !== target?.clientId) state.moving = this.#handOver(state, owner);
      return;
    }
    if (target === undefined || this.#orphans.has(target.clientId) || this.#waits(state, target)) return;
    state.lockedBy = target.clientId;
    state.owner = new OwnedPartition(state, target.clientId, target.sink, this.#host);
    log.info(EVENTS.partition.assigned, {
      ...namesOf(state),
      offset: state.commit,
      suspects: Math.max(0, state.marks[0] - state.commit),
    });
    target.sink.assigned(state.owner);
  }

  /** Drains the queue through its owner and gives it to the next one. */
  async #handOver(state: QueueState, owner: OwnedPartition): Promise<void> {
    owner.drain();
    try {
      await owner.sink.revoked(owner);
    } catch (error) {
      log.error(EVENTS.transport.listenerFailed, { error });
    }
    // It was lost, or its owner died, while it was drained.
    if (state.owner !== owner) return;
    owner.close();
    state.owner = state.lockedBy = state.moving = undefined;
    this.#place(state);
  }

  /** Whether another's lock stands in the way. Looks again when the grace is over. */
  #waits(state: QueueState, target: Member): boolean {
    const { lockedBy } = state;
    if (lockedBy === undefined) return false;
    const goneAt = this.#goneAt.get(lockedBy);
    // Still listed: it will be asked again when the broker has noticed.
    if (goneAt === undefined) return true;
    const now = this.#host.monotonic();
    const ms = Math.max(goneAt, target.joinedAt) + this.#host.takeoverGraceMs - now;
    if (ms > 0) {
      state.grace?.cancel();
      state.grace = this.#host.after(ms, () => this.#place(state));
      return true;
    }
    log.warn(EVENTS.partition.unlockedForDead, { ...namesOf(state), owner: lockedBy, ms: now - goneAt });
    return false;
  }
}

/** Nobody owns it yet. */
function stateOf(group: string, queue: StoredQueue, restored: RestoredState | undefined): QueueState {
  let { first } = queue.unsettled;
  // Others may not have settled yet what this one has.
  while (restored !== undefined && first !== undefined && first.offset < restored.commit) first = first.next;
  return {
    group,
    queue,
    commit: restored?.commit ?? first?.offset ?? queue.end,
    marks: restored === undefined ? [0, 0, 0] : [...restored.marks],
    first,
    lockedBy: undefined,
    owner: undefined,
    moving: undefined,
    grace: undefined,
  };
}

function namesOf({ queue: { ref } }: QueueState): { readonly topic: string; readonly queue: string } {
  return { topic: ref.topic, queue: `${ref.broker}/${ref.id}` };
}
