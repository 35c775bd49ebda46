import { BrokerUnavailable } from "../../../tests/broker/launcher.ts";
import type { Peer } from "./peer.ts";

/** Our gRPC transport, once it is there. */
const TRANSPORT = new URL("../../../src/transport/grpc/mod.ts", import.meta.url);

/** Whether this checkout has the transport: a RocketMQ needs a proxy then. */
export async function grpcIsBuilt(): Promise<boolean> {
  return await Deno.stat(TRANSPORT).then(({ isFile }) => isFile, () => false);
}

/** Our calls over RocketMQ's gRPC proxy. */
export const grpc: Peer = {
  what: "rocket-actors over the gRPC proxy of RocketMQ",
  start: async () => {
    if (!await grpcIsBuilt()) {
      throw new BrokerUnavailable("this checkout has no gRPC transport (src/transport/grpc/mod.ts)");
    }
    throw new BrokerUnavailable("the gRPC transport has no programs here so far");
  },
};
