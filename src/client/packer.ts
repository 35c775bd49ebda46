import { queuesOfSlot } from "../call/plan.ts";
import type { QueueRef, Transport } from "../transport/transport.ts";
import { PACK_CALLS, SHARE_BYTES } from "./defaults.ts";
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

/** The packs that go to one queue at once. */
interface Share {
  readonly target: Target;
  readonly sends: Promise<void>[];
  /** Of their bodies. */
  bytes: number;
}

/**
 * Sends the requests of one method that have no key. Those made in one turn travel together, and while every
 * queue of the slot has a send outstanding further ones gather: the broker's cost is per message, so packs grow
 * with the load and cost an idle caller nothing. What is more than a pack is divided among the owners of the queues,
 * as far as these are known: an owner gets its part by one queue, the next time by another one. Unpacked requests are
 * divided likewise and sent one by one, without waiting for each other.
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
  readonly #ownerOf: (queue: QueueRef) => string | undefined;

  /** @param ownerOf whose a queue is, as far as anybody knows */
  constructor(transport: Transport, lane: Lane, ownerOf: (queue: QueueRef) => string | undefined = unknown) {
    this.#transport = transport;
    this.#lane = lane;
    this.#ownerOf = ownerOf;
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
    const streams = this.#waiting[0]?.request.credit !== undefined;
    if (streams || !this.#packed) return this.#sendAlone(streams);
    while (this.#waiting.length > 0) {
      const shares = this.#shares(Math.ceil(this.#waiting.length / PACK_CALLS));
      if (shares.length === 0) return;
      this.#sendShares(shares);
    }
  }

  /** Idle queues in turn, one of each owner, and no more than so many. */
  #shares(most: number): Share[] {
    const targets = this.#targets;
    const shares: Share[] = [];
    const owners = new Set<string>();
    const first = this.#turn;
    for (let step = 0; step < targets.length && shares.length < most; step++) {
      const target = targets[(first + step) % targets.length];
      if (target === undefined || target.busy) continue;
      // Of one whose owner nobody knows, each queue may be another's.
      const owner = most > 1 ? this.#ownerOf(target.queue) : undefined;
      if (owner !== undefined && owners.has(owner)) continue;
      if (owner !== undefined) owners.add(owner);
      shares.push({ target, sends: [], bytes: 0 });
      this.#turn = first + step + 1;
    }
    return shares;
  }

  /**
   * Sends each in a message of its own. Those of one owner go to one queue, so that they can be stored by one request;
   * but streams stay where they are, and take turns.
   */
  #sendAlone(streams: boolean): void {
    const shares = streams ? this.#targets.map((target) => ({ target })) : this.#shares(this.#waiting.length);
    if (shares.length === 0) return;
    for (const [index, outgoing] of this.#waiting.splice(0).entries()) {
      const share = shares[(streams ? this.#turn++ : index) % shares.length];
      if (share !== undefined) void this.#send([outgoing], share.target.queue);
    }
  }

  /** Divides what waits: a pack to each, and further ones as long as they are small. */
  #sendShares(shares: readonly Share[]): void {
    for (let next = 0; this.#waiting.length > 0; next++) {
      const share = shares[next % shares.length];
      if (share === undefined || share.bytes >= SHARE_BYTES) break;
      share.target.busy = true;
      const pack = this.#takePack();
      for (const { request } of pack) share.bytes += request.body?.length ?? 0;
      // One whose requests have no bodies counts, too.
      share.bytes += pack.length;
      share.sends.push(this.#send(pack, share.target.queue));
    }
    for (const { target, sends } of shares) if (sends.length > 0) void Promise.all(sends).then(target.sent);
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
}

function unknown(): undefined {}
