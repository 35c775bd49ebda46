import type { Transport } from "../transport.ts";
import { type EmbeddedMessage, MemoryBroker } from "./broker.ts";
import type { EmbeddedBrokerOptions } from "./options.ts";
import { EmbeddedTransport } from "./transport.ts";

export type { EmbeddedBrokerOptions, EmbeddedMessage };

/** A broker in memory, shared by systems and clients of one process. */
export interface EmbeddedBroker {
  /** Sends that were refused because unsettled messages took all the room. */
  readonly refused: number;
  /** Copies of all messages kept of a topic, queue by queue, oldest first: for tests and tools. */
  messages(topic: string): readonly EmbeddedMessage[];
  /**
   * Makes an instance die as a killed process would, for tests: from now on nothing it does reaches the broker and
   * nothing reaches it. What it asks is not answered until it is closed, its partitions are no longer held, and none
   * of them is reported. Its locks, its marks and what was delivered to it stay as they are; after `noticedAfterMs`
   * (default: 10, as when a connection closes; a frozen process takes RocketMQ about 120,000) it is no member any
   * more. Handlers that run go on, as nobody can stop them; close its system when the test is done with it.
   *
   * @param instance the system's `instance`
   * @throws {TypeError} when no such instance is connected
   */
  crash(instance: string, options?: { readonly noticedAfterMs?: number }): void;
  /** Takes everything from everybody, refuses everything from now on and forgets its messages. Idempotent. */
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
 *
 * @param options how it behaves; by default as RocketMQ's classic consumers see it
 * @throws {TypeError} on an unknown ownership
 * @throws {RangeError} on a number out of its range
 */
export function embeddedBroker(options?: EmbeddedBrokerOptions): EmbeddedBroker {
  return new MemoryBroker(options);
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
