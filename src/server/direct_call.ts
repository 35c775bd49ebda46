import type { Headers } from "../envelope/headers.ts";
import type { Delivery, Message, QueueRef } from "../transport/transport.ts";
import { ReceivedCall } from "./received_call.ts";

const NO_QUEUE: QueueRef = Object.freeze({ topic: "", broker: "", id: 0 });

/** A request that came past all queues, in the shape of one that came through a queue: there is nothing to settle. */
export class DirectDelivery implements Delivery {
  readonly message: Message;
  readonly queue: QueueRef = NO_QUEUE;
  readonly offset = 0;
  /** When it arrived, by this machine's clock: its timeout counts from here. */
  readonly storedAtMs: number;
  readonly starts = 0;

  constructor(method: string, headers: Headers, body: Uint8Array, nowMs: number) {
    this.message = { topic: "", tag: method, keys: [], headers, body };
    this.storedAtMs = nowMs;
  }

  started(): Promise<void> {
    return Promise.resolve();
  }

  ack(): void {}
}

/** A call that came past all queues: no partition is behind it, and nothing is recorded. */
export class DirectCall extends ReceivedCall {
  override get partition(): string {
    return "";
  }

  override started(): undefined {
    return undefined;
  }
}
