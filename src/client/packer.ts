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

/** A queue that requests go to. */
interface Target {
  readonly queue: QueueRef;
  /** Whether a pack to it is outstanding. */
  busy: boolean;
  /** Told when it is not any more. */
  readonly sent: () => void;
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
  #scheduled = false;
  /** What the last caller knew: receivers may have changed while requests gathered. */
  #packed = false;
  #turn = 0;
  /** The topic's queues as they were last asked for, and those of them that requests may go to. */
  #all: readonly QueueRef[] | undefined;
  #targets: readonly Target[] = [];
  readonly #flushNow = (): void => void this.#flush();

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
    queueMicrotask(this.#flushNow);
  }

  /** Sends a request once more to the queue that may have it already: only there is it known as the same call. */
  resend(outgoing: Outgoing, queue: QueueRef): void {
    void this.#send([outgoing], queue);
  }

  async #flush(): Promise<void> {
    try {
      const queues = await this.#transport.queues(this.#lane.topic);
      // Transports hand out the same list until it changes.
      if (queues !== this.#all) this.#follow(queues);
      this.#scheduled = false;
      this.#dispatch();
    } catch (error) {
      this.#scheduled = false;
      refuse(this.#waiting.splice(0), unsent(error));
    }
  }

  /** Keeps to the queues of the topic that requests may go to. */
  #follow(all: readonly QueueRef[]): void {
    const { topic, slot, slots, foreign } = this.#lane;
    // A plain responder's topic is divided as its owners like: every queue will do.
    const queues = foreign ? all : queuesOfSlot(all, slot, slots);
    if (queues.length === 0) throw notSent("unavailable", `Topic "${topic}" has no queue in slot ${slot}`);
    this.#targets = queues.map((queue) => this.#targetOf(queue));
    this.#all = all;
  }

  /** A queue that was known stays what it was, with what is outstanding to it. */
  #targetOf(queue: QueueRef): Target {
    const known = this.#targets.find((one) => one.queue.broker === queue.broker && one.queue.id === queue.id);
    if (known !== undefined) return known;
    const target: Target = {
      queue,
      busy: false,
      sent: () => {
        target.busy = false;
        if (this.#waiting.length > 0 && !this.#scheduled) this.#dispatch();
      },
    };
    return target;
  }

  #dispatch(): void {
    const targets = this.#targets;
    if (!this.#packed) {
      const target = targets[this.#turn++ % targets.length];
      if (target === undefined) return;
      for (const outgoing of this.#waiting.splice(0)) void this.#send([outgoing], target.queue);
      return;
    }
    while (this.#waiting.length > 0) {
      const target = this.#idleTarget();
      if (target === undefined) return;
      target.busy = true;
      void this.#send(this.#takePack(), target.queue).then(target.sent);
    }
  }

  /** The first requests that wait, as many as travel together. */
  #takePack(): readonly Outgoing[] {
    const waiting = this.#waiting;
    const length = packLength(waiting);
    if (length < waiting.length) return waiting.splice(0, length);
    this.#waiting = [];
    return waiting;
  }

  #send(batch: readonly Outgoing[], queue: QueueRef): Promise<void> {
    return sendRequests(this.#transport, this.#lane, queue, handOver(batch, queue));
  }

  #idleTarget(): Target | undefined {
    const targets = this.#targets;
    for (let step = 0; step < targets.length; step++) {
      const target = targets[this.#turn++ % targets.length];
      if (target !== undefined && !target.busy) return target;
    }
    return undefined;
  }
}
