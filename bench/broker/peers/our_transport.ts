import type { Transport } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { grpcTransport } from "./grpc_parts.ts";

/**
 * Makes one of our transports.
 *
 * @param where `remoting:<name servers>` or `grpc:<proxies>`
 * @throws {TypeError} on anything else
 */
export async function ourTransport(where: string | undefined): Promise<Transport> {
  const [, kind, address = ""] = /^(remoting|grpc):(.+)$/.exec(where ?? "") ?? [];
  if (kind === "remoting") return remoting({ nameServers: address });
  if (kind === "grpc") return await grpcTransport(address);
  throw new TypeError(`"${where}" says no transport`);
}
