/**
 * The transport for clusters of RocketMQ 5 that show only their proxy, by its gRPC protocol.
 *
 * @module
 */

import type { Transport } from "../transport.ts";
import type { GrpcAccount, GrpcAccountSource } from "./client/account.ts";
import type { GrpcTlsOptions } from "./client/tls.ts";
import type { GrpcOptions } from "./options.ts";
import { GrpcTransport } from "./transport.ts";

export type { GrpcAccount, GrpcAccountSource, GrpcOptions, GrpcTlsOptions };

/**
 * Makes a transport to the proxy of a RocketMQ 5 cluster. One transport per system.
 *
 * Messages are settled one by one: keys keep their order, but no instance owns a key, so that entities and actors with
 * state per key are refused. Topics cannot be made over gRPC: starting and serving fail with the commands to run.
 *
 * @param options where the proxies are, and who this is
 * @throws {TypeError} when an option cannot be read
 * @throws {RangeError} on a number out of its range
 */
export function grpc(options: GrpcOptions): Transport {
  return new GrpcTransport(options);
}
