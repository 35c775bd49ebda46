import { queueOfKey, queuesOfSlot } from "../call/plan.ts";
import type { QueuePlan, QueueRef, Transport } from "../transport/transport.ts";
import { PACK_CALLS } from "./defaults.ts";
import { Held, type KeyedOutgoing, type Lane, takeBatch } from "./lane.ts";
import { pruned } from "./outgoing.ts";
import { notSent, unsent } from "./refusal.ts";
import { type Destination, handOver, refuse, sendRequests } from "./request_message.ts";

/**
 * Sends the requests of one contract that have a key, each to the queue of its key, those of one key in the order
 * in which they were made, whatever their methods. At most one send to a queue is outstanding, because two could
 * overtake each other on their way; meanwhile further ones gather. One that is to be sent again keeps its place,
 * and holds back what was made after it under its key.
 */
export class KeyedPacker {
  readonly #transport: Transport;
  readonly #to: Destination;
  /** What has no lane yet, in order. */
  #arrived: KeyedOutgoing[] = [];
  /** By broker and number of the queue. */
  readonly #lanes = new Map<string, Lane>();
  /** The plan by which keys are placed now. */
  #plan: QueuePlan = { number: 0, queues: [] };
  /** The lanes of the plan by slot, in its order: made as they are needed. */
  readonly #slots = new Map<number, readonly Lane[]>();
  /** By key: which of the requests that have been sent was made last, until its call is over. */
  readonly #latest = new Map<string, KeyedOutgoing>();
  #flushing = false;
  /** The plan has changed: nothing goes until what was sent by the old one has arrived. */
  #settling = false;
  /** What the last caller knew of its receivers. */
  #packed = false;

  /**
   * @param transport what carries them
   * @param to the contract's topic
   */
  constructor(transport: Transport, to: Destination) {
    this.#transport = transport;
    this.#to = to;
  }

  /** Requests that have not been handed to the transport. */
  get waiting(): number {
    let count = this.#arrived.length;
    for (const lane of this.#lanes.values()) count += lane.waiting.length;
    return count;
  }

  /** Whether no call needs it. */
  get idle(): boolean {
    return this.#latest.size === 0 && this.waiting === 0 && !this.#sending;
  }

  /** Takes a request to send; `packed` says whether its receivers all understand packs. */
  add(outgoing: KeyedOutgoing, packed: boolean): void {
    this.#arrived = pruned(this.#arrived);
    this.#arrived.push(outgoing);
    this.resume(packed);
  }

  /** The pause of a request that it has is over. */
  resume(packed: boolean): void {
    this.#packed = packed;
    this.#schedule();
  }

  /** Whether nothing made after a request under its key has been sent: only then can it go again and keep its place. */
  isLatest(outgoing: KeyedOutgoing): boolean {
    return this.#latest.get(outgoing.key) === outgoing;
  }

  /** Takes the latest request of its key back, which its callee has refused, to be sent again after its pause. */
  takeBack(outgoing: KeyedOutgoing): void {
    this.#putBack([outgoing]);
  }

  /**
   * Whether there is another plan by now than the one by which a request went, or its key has another queue. Never
   * rejects: what cannot be told has not changed.
   */
  async moved({ key, slot, slots, plan }: KeyedOutgoing, from: QueueRef): Promise<boolean> {
    try {
      const { number, queues } = await this.#transport.plan(this.#to.topic, { fresh: true });
      const queue = queueOfKey(queuesOfSlot(queues, slot, slots), key);
      return queue !== undefined && (number !== plan || !same(queue, from));
    } catch {
      // The call's own failure is the one that its caller gets.
      return false;
    }
  }

  /** The call of a request is over, however it ended. */
  over(outgoing: KeyedOutgoing): void {
    if (this.isLatest(outgoing)) this.#latest.delete(outgoing.key);
    if (outgoing.paused) this.#schedule();
  }

  /** Whether any send is outstanding. */
  get #sending(): boolean {
    for (const lane of this.#lanes.values()) if (lane.sending) return true;
    return false;
  }

  #schedule(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      const plan = await this.#transport.plan(this.#to.topic);
      this.#flushing = false;
      if (this.#follow(plan)) this.#placeArrived();
    } catch (error) {
      this.#flushing = false;
      // Nothing that is on its way asks again.
      if (this.#settling && !this.#sending) this.#gather();
      this.#place((outgoing) => refuse([outgoing], unsent(error)));
    }
    for (const lane of this.#lanes.values()) this.#dispatch(lane);
  }

  /** Keeps to a plan. `false` while sends by another one are outstanding. */
  #follow(plan: QueuePlan): boolean {
    const changed = !samePlan(this.#plan, plan);
    this.#settling = changed && this.#sending;
    if (!changed || this.#settling) return !changed;
    this.#plan = plan;
    this.#gather();
    return true;
  }

  /** Takes everything out of its lane, none of which is sending. */
  #gather(): void {
    const lanes = [...this.#lanes.values()];
    this.#slots.clear();
    this.#lanes.clear();
    // What has a lane was made before what has none, wherever the keys are the same.
    this.#arrived = [...lanes.flatMap(({ waiting }) => waiting), ...this.#arrived];
  }

  #placeArrived(): void {
    this.#place((outgoing) => {
      const lane = this.#laneOf(outgoing);
      if (lane !== undefined) {
        lane.waiting = pruned(lane.waiting);
        lane.waiting.push(outgoing);
        return;
      }
      const message = `Topic "${this.#to.topic}" has no queue in slot ${outgoing.slot}`;
      refuse([outgoing], notSent("unavailable", message));
    });
  }

  /** Does something with everything that has arrived; what waits for a pause, its own or another's, stays. */
  #place(one: (outgoing: KeyedOutgoing) => void): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    const staying: KeyedOutgoing[] = [];
    const held = new Held();
    for (const outgoing of arrived) {
      if (!outgoing.live) continue;
      if (!held.holds(outgoing)) one(outgoing);
      if (held.holds(outgoing)) staying.push(outgoing);
    }
    // A call that failed may have let others in, which are younger than those that stay.
    if (staying.length > 0) this.#arrived = [...staying, ...this.#arrived];
  }

  #laneOf({ key, slot, slots, queue }: KeyedOutgoing): Lane | undefined {
    if (queue !== undefined) return this.#lane(queue);
    // There are at most sixteen slots.
    const index = slots * 16 + slot;
    let lanes = this.#slots.get(index);
    if (lanes === undefined) {
      lanes = queuesOfSlot(this.#plan.queues, slot, slots).map((each) => this.#lane(each));
      this.#slots.set(index, lanes);
    }
    return queueOfKey(lanes, key);
  }

  #lane(queue: QueueRef): Lane {
    const name = `${queue.broker}/${queue.id}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { queue, waiting: [], sending: false };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #dispatch(lane: Lane): void {
    while (!lane.sending && !this.#settling && lane.waiting.length > 0) {
      const batch = takeBatch(lane, this.#packed ? PACK_CALLS : 1, this.#to.groups);
      if (batch.length === 0) return;
      const { number } = this.#plan;
      const live = handOver(batch, lane.queue, number);
      if (live.length === 0) continue;
      // A further try of what may be stored has its place by the first: what went with that one may have run since.
      for (const outgoing of live) {
        if (outgoing.request.attempt === 1) this.#latest.set(outgoing.key, outgoing);
      }
      lane.sending = true;
      void sendRequests(this.#transport, this.#to, lane.queue, live, number)
        .then(() => this.#sent(lane, live));
    }
  }

  #sent(lane: Lane, batch: readonly KeyedOutgoing[]): void {
    lane.sending = false;
    this.#putBack(batch.filter((outgoing) => outgoing.live && outgoing.paused));
    if (this.#settling) this.#schedule();
    else this.#dispatch(lane);
  }

  /** Nothing of their keys has gone since: they are the first of them. */
  #putBack(batch: readonly KeyedOutgoing[]): void {
    for (const outgoing of batch.toReversed()) {
      const waiting = this.#laneOf(outgoing)?.waiting ?? this.#arrived;
      // Its callee's refusal may have come before the answer to its send.
      if (!waiting.includes(outgoing) && !this.#arrived.includes(outgoing)) waiting.unshift(outgoing);
    }
  }
}

function samePlan(one: QueuePlan, other: QueuePlan): boolean {
  if (one === other) return true;
  return one.number === other.number && one.queues.length === other.queues.length &&
    one.queues.every((queue, index) => same(queue, other.queues[index]));
}

function same(one: QueueRef, other: QueueRef | undefined): boolean {
  return one.broker === other?.broker && one.id === other.id;
}
