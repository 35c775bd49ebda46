import { queuesOfSlot } from "../call/plan.ts";
import type { QueueRef, Transport } from "../transport/transport.ts";
import { type Outgoing, pruned } from "./outgoing.ts";
import { notSent, unsent } from "./refusal.ts";
import { type Destination, handOver, packLength, refuse, sendRequests } from "./request_message.ts";

/** What a packer sends for. */
export interface Lane extends Destination {
  readonly slot: number;
  readonly slots: number;
}

/**
 * Sends the requests of one method that have no key. Those made in one turn travel together, and while every
 * queue of the slot has a send outstanding further ones gather: the broker's cost is per message, so packs grow
 * with the load and cost an idle caller nothing. Unpacked requests are sent one by one, without waiting for each
 * other.
 */
export class Packer {
  readonly #transport: Transport;
  readonly #lane: Lane;
  #waiting: Outgoing[] = [];
  readonly #busy = new Set<string>();
  #scheduled = false;
  /** What the last caller knew: receivers may have changed while requests gathered. */
  #packed = false;
  #turn = 0;
  /** The topic's queues as they were last asked for, and those of them that requests may go to. */
  #known: { readonly all: readonly QueueRef[]; readonly ours: readonly QueueRef[] } | undefined;

  constructor(transport: Transport, lane: Lane) {
    this.#transport = transport;
    this.#lane = lane;
  }

  /** Requests that have not been handed to the transport. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a request to send; `packed` says whether its receivers all understand packs. */
  add(outgoing: Outgoing, packed: boolean): void {
    this.#waiting = pruned(this.#waiting);
    this.#waiting.push(outgoing);
    this.#packed = packed;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => void this.#flush());
  }

  /** Sends a request once more to the queue that may have it already: only there is it known as the same call. */
  resend(outgoing: Outgoing, queue: QueueRef): void {
    void this.#send([outgoing], queue);
  }

  async #flush(): Promise<void> {
    try {
      const queues = this.#ours(await this.#transport.queues(this.#lane.topic));
      this.#scheduled = false;
      this.#dispatch(queues);
    } catch (error) {
      this.#scheduled = false;
      refuse(this.#waiting.splice(0), unsent(error));
    }
  }

  /** The queues of the topic that requests may go to. */
  #ours(all: readonly QueueRef[]): readonly QueueRef[] {
    // Transports hand out the same list until it changes.
    if (this.#known?.all === all) return this.#known.ours;
    const { topic, slot, slots, foreign } = this.#lane;
    // A plain responder's topic is divided as its owners like: every queue will do.
    const queues = foreign ? all : queuesOfSlot(all, slot, slots);
    if (queues.length > 0) {
      this.#known = { all, ours: queues };
      return queues;
    }
    throw notSent("unavailable", `Topic "${topic}" has no queue in slot ${slot}`);
  }

  #dispatch(queues: readonly QueueRef[]): void {
    if (!this.#packed) {
      const queue = queues[this.#turn++ % queues.length];
      if (queue !== undefined) {
        for (const outgoing of this.#waiting.splice(0)) void this.#send([outgoing], queue);
      }
      return;
    }
    while (this.#waiting.length > 0) {
      const queue = this.#idleQueue(queues);
      if (queue === undefined) return;
      const key = `${queue.broker}/${queue.id}`;
      this.#busy.add(key);
      const batch = this.#waiting.splice(0, packLength(this.#waiting));
      void this.#send(batch, queue).then(() => {
        this.#busy.delete(key);
        if (this.#waiting.length > 0 && !this.#scheduled) this.#dispatch(queues);
      });
    }
  }

  #send(batch: readonly Outgoing[], queue: QueueRef): Promise<void> {
    return sendRequests(this.#transport, this.#lane, queue, handOver(batch, queue));
  }

  #idleQueue(queues: readonly QueueRef[]): QueueRef | undefined {
    for (let step = 0; step < queues.length; step++) {
      const queue = queues[this.#turn++ % queues.length];
      if (queue !== undefined && !this.#busy.has(`${queue.broker}/${queue.id}`)) return queue;
    }
    return undefined;
  }
}
