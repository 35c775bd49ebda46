import { queueOfKey, queuesOfSlot } from "../call/plan.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { QueueRef, Transport } from "../transport/transport.ts";
import type { Outgoing } from "./outgoing.ts";
import { type Destination, packLength, refuse, sendRequests } from "./request_message.ts";

/** A request with a key. */
export interface KeyedOutgoing extends Outgoing {
  readonly key: string;
  /** The slot of its method. */
  readonly slot: number;
}

/** The requests to one queue, in order. */
interface Lane {
  readonly queue: QueueRef;
  readonly waiting: Outgoing[];
  packed: boolean;
  sending: boolean;
}

/**
 * Sends the requests of one contract that have a key, each to the queue of its key, in the order in which the
 * calls were made, whatever their methods. At most one send to a queue is outstanding, because two could overtake
 * each other on their way; meanwhile further ones gather, and neighbours of one method travel together.
 */
export class KeyedPacker {
  readonly #transport: Transport;
  readonly #to: Destination;
  readonly #slots: number;
  readonly #lanes = new Map<string, Lane>();
  #arrived: KeyedOutgoing[] = [];
  #flushing = false;
  #packed = false;

  /**
   * @param transport what carries them
   * @param to the contract's topic
   * @param slots into how many slots its queues are divided; an entity has one
   */
  constructor(transport: Transport, to: Destination, slots: number) {
    this.#transport = transport;
    this.#to = to;
    this.#slots = slots;
  }

  /** Requests that have not been handed to the transport. */
  get waiting(): number {
    let count = this.#arrived.length;
    for (const lane of this.#lanes.values()) count += lane.waiting.length;
    return count;
  }

  /** Takes a request to send; `packed` says whether its receivers all understand packs. */
  add(outgoing: KeyedOutgoing, packed: boolean): void {
    this.#arrived.push(outgoing);
    this.#packed = packed;
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    try {
      const queues = await this.#transport.queues(this.#to.topic);
      this.#flushing = false;
      for (const outgoing of this.#arrived.splice(0)) this.#enter(outgoing, queues);
    } catch (error) {
      this.#flushing = false;
      refuse(this.#arrived.splice(0), RpcError.from(error));
      return;
    }
    for (const lane of this.#lanes.values()) this.#dispatch(lane);
  }

  #enter(outgoing: KeyedOutgoing, queues: readonly QueueRef[]): void {
    const ofSlot = this.#slots === 1 ? queues : queuesOfSlot(queues, outgoing.slot, this.#slots);
    const queue = queueOfKey(ofSlot, outgoing.key);
    if (queue === undefined) {
      const message = `Topic "${this.#to.topic}" has no queue in slot ${outgoing.slot}`;
      return refuse([outgoing], new RpcError("unavailable", message, { outcome: "not_sent" }));
    }
    const name = `${queue.broker}/${queue.id}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { queue, waiting: [], packed: this.#packed, sending: false };
      this.#lanes.set(name, lane);
    }
    lane.packed = this.#packed;
    lane.waiting.push(outgoing);
  }

  #dispatch(lane: Lane): void {
    if (lane.sending || lane.waiting.length === 0) return;
    lane.sending = true;
    const batch = lane.waiting.splice(0, lane.packed ? packLength(lane.waiting) : 1);
    void sendRequests(this.#transport, this.#to, lane.queue, batch).then(() => {
      lane.sending = false;
      this.#dispatch(lane);
    });
  }
}
