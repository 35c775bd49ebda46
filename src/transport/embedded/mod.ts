import type { Transport } from "../transport.ts";
import { type EmbeddedMessage, MemoryBroker } from "./broker.ts";
import type { EmbeddedBrokerOptions } from "./options.ts";
import { EmbeddedTransport } from "./transport.ts";

export type { EmbeddedBrokerOptions, EmbeddedMessage };

/** A broker in memory, or with a file, shared by systems and clients of one process. */
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
  /**
   * Takes everything from everybody, refuses everything from now on and forgets its messages. With a file it has
   * recorded there what it was asked for before, and has let go of the file, when this returns. Idempotent.
   */
  close(): void;
}

/**
 * Makes a broker that several systems and clients of this process can share: in memory, or with `file` in a SQLite file
 * too, from which it goes on where its process ended. Who makes it closes it.
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
 * @throws {TypeError} on an unknown ownership, or a file that is no path
 * @throws {RangeError} on a number out of its range
 * @throws {Error} saying what to do, when the file cannot be used: another broker has it, it is damaged, another
 * application's or of a later version of this library; then nothing of it was changed
 */
export function embeddedBroker(options?: EmbeddedBrokerOptions): EmbeddedBroker {
  return new MemoryBroker(options);
}

/**
 * A transport without a server: a RocketMQ in memory, with its queues, offsets and groups. Nothing of it survives the
 * process, unless it has a file:
 *
 * ```ts ignore
 * import { createSystem, embedded } from "rocket-actors";
 *
 * await using system = await createSystem({ name: "bank", transport: embedded({ file: "bank.db" }) });
 * ```
 *
 * @param broker the broker to share, or how one of its own behaves, which is closed with the transport; by default one
 * of its own in memory
 * @throws {TypeError} when it is neither options nor a broker that `embeddedBroker()` made
 * @throws {RangeError} on a number out of its range
 * @throws {Error} as `embeddedBroker` does, when the file cannot be used
 */
export function embedded(broker: EmbeddedBroker | EmbeddedBrokerOptions = {}): Transport {
  if (broker instanceof MemoryBroker) return new EmbeddedTransport(broker, false);
  if (!isOptions(broker)) throw new TypeError("Cannot use the broker: make it with embeddedBroker()");
  return new EmbeddedTransport(new MemoryBroker(broker), true);
}

function isOptions(value: EmbeddedBroker | EmbeddedBrokerOptions): value is EmbeddedBrokerOptions {
  return typeof value === "object" && value !== null && !("messages" in value);
}
