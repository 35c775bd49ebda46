/**
 * The transport for RocketMQ 4.9 and 5.x by their own remoting protocol.
 *
 * @module
 */

import type { Transport } from "../transport.ts";
import type { RemotingOptions } from "./options.ts";
import { RemotingTransport } from "./transport.ts";

export type { Credentials, CredentialsSource } from "../../rocketmq/remote/credentials.ts";
export type { TlsOptions } from "../../rocketmq/remote/tls.ts";
export type { RemotingOptions };

/**
 * Makes a transport to a RocketMQ cluster. It needs direct connections to name servers and brokers (the 5.x proxy
 * does not carry replies), and one transport per system.
 *
 * @param options where the name servers are, and who this is
 */
export function remoting(options: RemotingOptions): Transport {
  return new RemotingTransport(options);
}
