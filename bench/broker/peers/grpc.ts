import { BrokerUnavailable } from "../../../tests/broker/launcher.ts";
import { grpcIsBuilt, makeGrpcTopics } from "./grpc_parts.ts";
import { startOurs } from "./ours.ts";
import type { Peer } from "./peer.ts";

/** Our calls over RocketMQ's gRPC proxy. */
export const grpc: Peer = {
  what:
    "rocket-actors as `ours`, over the gRPC proxy of RocketMQ; the server's figures are those of broker and proxy",
  start: async (servers, name) => {
    if (!await grpcIsBuilt()) {
      throw new BrokerUnavailable("this checkout has no gRPC transport (src/transport/grpc/mod.ts)");
    }
    const { nameServer, proxy, pids, proxyPids } = await servers.rocketMq();
    if (proxy === undefined) {
      throw new BrokerUnavailable("the RocketMQ that the environment names has no ROCKET_ACTORS_PROXY");
    }
    await makeGrpcTopics(nameServer, name);
    return await startOurs(`grpc:${proxy}`, name, "ours", [...pids, ...proxyPids]);
  },
};
