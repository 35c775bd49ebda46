import assert from "node:assert/strict";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import type { ConsumerGroup } from "../../src/transport/embedded/group.ts";
import type { EmbeddedBrokerOptions } from "../../src/transport/embedded/options.ts";
import type { Message, QueueRef, SendReceipt } from "../../src/transport/transport.ts";
import { ManualClock } from "./manual_clock.ts";
import { RecordingSink } from "./recording_sink.ts";

export const TOPIC = "test-Service";
export const GROUP = "rpc-test-Service";

/** An embedded broker with one topic, one group and time that stands still. */
export class EmbeddedStage {
  readonly clock = new ManualClock();
  readonly broker: MemoryBroker;
  readonly group: ConsumerGroup;

  /**
   * @param queues how many queues the topic has
   * @param options how the broker behaves
   */
  constructor(queues: number, options: EmbeddedBrokerOptions = {}) {
    this.broker = new MemoryBroker({ clock: this.clock, ...options });
    this.broker.ensure([{ topic: TOPIC, queues, group: GROUP }]);
    const group = this.broker.group(GROUP);
    assert.ok(group !== undefined);
    this.group = group;
  }

  /** Joins the group. */
  join(clientId: string, sink = new RecordingSink()): RecordingSink {
    this.group.join(clientId, sink);
    return sink;
  }

  /** Stores texts in a queue. */
  send(queue: number, ...texts: readonly string[]): readonly SendReceipt[] {
    return texts.map((text) => atOnce(this.broker.append(messageOf(text), queueOf(queue))));
  }
}

/** The receipt of a broker without a file. */
export function atOnce(receipt: SendReceipt | Promise<SendReceipt>): SendReceipt {
  assert.ok(!(receipt instanceof Promise));
  return receipt;
}

/** A message of the topic whose body is a text. */
export function messageOf(text = "x", changes: Partial<Message> = {}): Message {
  const body = new TextEncoder().encode(text);
  return { topic: TOPIC, tag: "run", keys: [text], headers: new Map(), body, ...changes };
}

/** A queue of the topic, or of another one. */
export function queueOf(id: number, topic: string = TOPIC): QueueRef {
  return { topic, broker: "embedded", id };
}
