import type { Transport } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";

/**
 * Makes one of our transports.
 *
 * @param where `remoting:<name servers>` or `grpc:<proxies>`
 * @throws {TypeError} on anything else
 */
export async function ourTransport(where: string | undefined): Promise<Transport> {
  const [, kind, address = ""] = /^(remoting|grpc):(.+)$/.exec(where ?? "") ?? [];
  if (kind === "remoting") return remoting({ nameServers: address });
  if (kind === "grpc") {
    // Loaded only then: what it takes is no part of the others' memory.
    const { grpc } = await import("rocket-actors/transport/grpc");
    return grpc({ endpoints: address });
  }
  throw new TypeError(`"${where}" says no transport`);
}
