import type { Transport } from "../transport.ts";
import { EmbeddedBroker } from "./broker.ts";
import { EmbeddedTransport } from "./transport.ts";

export type { EmbeddedBroker };

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
  return new EmbeddedBroker();
}

/**
 * A transport without a server: a RocketMQ in memory, with its queues, offsets and groups. Nothing of it
 * survives the process.
 *
 * @param broker the broker to share; by default one of its own, closed with the transport
 */
export function embedded(broker?: EmbeddedBroker): Transport {
  return new EmbeddedTransport(broker ?? new EmbeddedBroker(), broker === undefined);
}
