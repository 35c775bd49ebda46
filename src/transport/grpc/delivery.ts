import { RpcError } from "../../errors/rpc_error.ts";
import type { Delivery, Message, QueueRef } from "../transport.ts";
import type { ReceivedProto } from "./messages.ts";
import type { GrpcPartition } from "./partition.ts";

/** Who settles what was delivered. */
export interface Settler {
  /** The message is done with. */
  settle(delivery: GrpcDelivery): void;
  /** The message is to be delivered again after a time. */
  giveBack(delivery: GrpcDelivery, ms: number): void;
}

const RECORDED: Promise<void> = Promise.resolve();

/** One message while it is this instance's: until it is settled, given back, or its time is over. */
export class GrpcDelivery implements Delivery {
  readonly received: ReceivedProto;
  readonly partition: GrpcPartition;
  readonly starts: number;
  /** When it becomes visible to others again, by the clock's monotonic time. */
  readonly dueAtMs: number;
  readonly #settler: Settler;
  /** Whether it is still this one that counts. */
  current = true;

  /** @param starts how often it was delivered before, here included */
  constructor(
    received: ReceivedProto,
    starts: number,
    partition: GrpcPartition,
    dueAtMs: number,
    settler: Settler,
  ) {
    this.received = received;
    this.starts = starts;
    this.partition = partition;
    this.dueAtMs = dueAtMs;
    this.#settler = settler;
  }

  get message(): Message {
    return this.received.message;
  }
  get queue(): QueueRef {
    return this.partition.queue;
  }
  get offset(): number {
    return this.received.offset;
  }
  get storedAtMs(): number {
    return this.received.storedAtMs;
  }

  /** The delivery itself is the record. */
  started(): Promise<void> {
    if (!this.partition.lost()) return RECORDED;
    const refused = Promise.reject(
      new RpcError("unavailable", "The partition is no longer this instance's", { outcome: "sent_unknown" }),
    );
    refused.catch(() => {});
    return refused;
  }

  ack(): void {
    if (this.current) this.#settler.settle(this);
  }

  retryLater(ms: number): void {
    if (!(ms >= 0 && Number.isFinite(ms))) {
      throw new RangeError(`Cannot retry later: the time must be a number from 0 on: current value is ${ms}`);
    }
    if (this.current) this.#settler.giveBack(this, ms);
  }
}
