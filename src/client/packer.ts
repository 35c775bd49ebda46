import { queuesOfSlot } from "../call/plan.ts";
import { travelling } from "../envelope/body.ts";
import { HEADER } from "../envelope/headers.ts";
import { encodePack, HeadText, type OutgoingEntry } from "../envelope/pack.ts";
import { type Request, requestHeaders, writeOwn, writeShared } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Message, QueueRef, Transport } from "../transport/transport.ts";
import { PACK_BYTES, PACK_CALLS } from "./defaults.ts";

/** A request on its way out, and whom to tell. */
export interface Outgoing {
  readonly request: Request;
  /** Asked right before the transport gets it; `false` when its call has been given up meanwhile. */
  handOver(): boolean;
  /** Its send failed: whether the broker may have it is the error's outcome. Not called after `handOver` said no. */
  sendFailed(error: RpcError): void;
}

/** What a packer sends for. */
export interface Lane {
  readonly topic: string;
  readonly method: string;
  readonly slot: number;
  readonly slots: number;
  /** Whether an answer by a plain RocketMQ responder must be possible. */
  readonly foreign: boolean;
}

/**
 * Sends the requests of one method. Those made in one turn travel together, and while every queue of the slot
 * has a send outstanding further ones gather: the broker's cost is per message, so packs grow with the load and
 * cost an idle caller nothing. Unpacked requests are sent one by one, without waiting for each other.
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
    this.#waiting.push(outgoing);
    this.#packed = packed;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      const all = await this.#transport.queues(this.#lane.topic);
      // A plain responder's topic is divided as its owners like: every queue will do.
      const queues = this.#lane.foreign ? all : queuesOfSlot(all, this.#lane.slot, this.#lane.slots);
      if (queues.length === 0) {
        throw new RpcError(
          "unavailable",
          `Topic "${this.#lane.topic}" has no queue in slot ${this.#lane.slot}`,
          {
            outcome: "not_sent",
          },
        );
      }
      this.#scheduled = false;
      this.#dispatch(queues);
    } catch (error) {
      this.#scheduled = false;
      this.#refuse(this.#waiting.splice(0), RpcError.from(error));
    }
  }

  #dispatch(queues: readonly QueueRef[]): void {
    if (!this.#packed) {
      const queue = queues[this.#turn++ % queues.length];
      for (const outgoing of this.#waiting.splice(0)) {
        if (queue !== undefined) void this.#send(queue, [outgoing]);
      }
      return;
    }
    while (this.#waiting.length > 0) {
      const queue = this.#idleQueue(queues);
      if (queue === undefined) return;
      const key = `${queue.broker}/${queue.id}`;
      this.#busy.add(key);
      void this.#send(queue, this.#takeBatch()).then(() => {
        this.#busy.delete(key);
        if (this.#waiting.length > 0 && !this.#scheduled) this.#dispatch(queues);
      });
    }
  }

  #idleQueue(queues: readonly QueueRef[]): QueueRef | undefined {
    for (let step = 0; step < queues.length; step++) {
      const queue = queues[this.#turn++ % queues.length];
      if (queue !== undefined && !this.#busy.has(`${queue.broker}/${queue.id}`)) return queue;
    }
    return undefined;
  }

  #takeBatch(): Outgoing[] {
    let bytes = 0;
    let count = 0;
    for (const { request } of this.#waiting) {
      bytes += request.body?.length ?? 0;
      if (count > 0 && (count === PACK_CALLS || bytes > PACK_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Never rejects: every failure goes to the calls. */
  async #send(queue: QueueRef, batch: readonly Outgoing[]): Promise<void> {
    const live = batch.filter((outgoing) => outgoing.handOver());
    if (live.length === 0) return;
    try {
      await this.#transport.send(this.#message(live), { queue });
    } catch (error) {
      this.#refuse(live, RpcError.from(error));
    }
  }

  #message(batch: readonly Outgoing[]): Message {
    const { topic, method } = this.#lane;
    const keys = batch.map(({ request }) => request.id);
    const [first] = batch;
    if (batch.length > 1 && first !== undefined) {
      const headers = new Map([[HEADER.kind, "pack"]]);
      writeShared(first.request, headers);
      return { topic, tag: method, keys, headers, body: encodePack(batch.map(entryOf)) };
    }
    if (first === undefined) throw new TypeError("Cannot send an empty batch");
    const { request } = first;
    return {
      topic,
      tag: method,
      keys,
      headers: requestHeaders(request),
      body: travelling(request.body),
      plain: this.#lane.foreign ? { correlationId: request.id, ttlMs: request.timeoutMs } : undefined,
    };
  }

  #refuse(batch: readonly Outgoing[], cause: RpcError): void {
    for (const outgoing of batch) {
      outgoing.sendFailed(
        new RpcError(cause.code, cause.message, {
          outcome: cause.outcome,
          callId: outgoing.request.id,
          cause,
        }),
      );
    }
  }
}

function entryOf({ request }: Outgoing): OutgoingEntry {
  const head = new HeadText();
  writeOwn(request, head);
  return { head: head.text, body: travelling(request.body) };
}
