import type { Transport } from "../transport.ts";
import { MemoryBroker } from "./broker.ts";
import type { StoredMessage } from "./stored_queue.ts";
import { EmbeddedTransport } from "./transport.ts";

/** A message as the embedded broker keeps it. */
export type EmbeddedMessage = StoredMessage;

/** A broker in memory, shared by systems and clients of one process. */
export interface EmbeddedBroker {
  /** All messages kept of a topic, queue by queue, oldest first: for tests and tools. */
  messages(topic: string): readonly EmbeddedMessage[];
  /** Refuses everything from now on and forgets its messages. */
  close(): void;
}

/**
 * Makes a broker in memory that several systems and clients of this process can share. Who makes it closes it.
 *
 * ```ts
 * import { embedded, embeddedBroker } from "rocket-actors";
 *
 * const broker = embeddedBroker();
 * const forTheServer = embedded(broker);
 * const forTheCaller = embedded(broker);
 * ```
 */
export function embeddedBroker(): EmbeddedBroker {
  return new MemoryBroker();
}

/**
 * A transport without a server: a RocketMQ in memory, with its queues, offsets and groups. Nothing of it
 * survives the process.
 *
 * @param broker the broker to share; by default one of its own, closed with the transport
 * @throws {TypeError} when the broker was not made by `embeddedBroker()`
 */
export function embedded(broker?: EmbeddedBroker): Transport {
  if (broker === undefined) return new EmbeddedTransport(new MemoryBroker(), true);
  if (broker instanceof MemoryBroker) return new EmbeddedTransport(broker, false);
  throw new TypeError("Cannot use the broker: make it with embeddedBroker()");
}
