import { RocketMqClient } from "rocket-actors/rocketmq";
import { deadLetterTopicOf, groupOf, topicOf } from "../../../src/call/plan.ts";
import { QUEUES_PER_MASTER } from "../../../src/contract/defaults.ts";
import { BrokerUnavailable } from "../../../tests/broker/launcher.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../../../tests/helpers/grpc_topics.ts";
import { startOurs } from "./ours.ts";
import type { Peer } from "./peer.ts";

/** Our calls over RocketMQ's gRPC proxy. */
export const grpc: Peer = {
  what:
    "rocket-actors as `ours`, over the gRPC proxy of RocketMQ; the server's figures are those of broker and proxy",
  start: async (servers, name) => {
    const { nameServer, proxy, pids, proxyPids } = await servers.rocketMq();
    if (proxy === undefined) {
      throw new BrokerUnavailable("the RocketMQ that the environment names has no ROCKET_ACTORS_PROXY");
    }
    await makeContractTopics(nameServer, name);
    return await startOurs(`grpc:${proxy}`, name, "ours", [...pids, ...proxyPids]);
  },
};

/** Makes what a contract needs, by the name servers: over gRPC it cannot be made. */
async function makeContractTopics(nameServers: string, contract: string): Promise<void> {
  await using operator = new RocketMqClient({ nameServers, clientId: `bench-${crypto.randomUUID()}` });
  await makeTopics(operator, [
    REPLY_TOPIC_SPEC,
    { topic: topicOf(contract), queues: QUEUES_PER_MASTER, group: groupOf(contract) },
    { topic: deadLetterTopicOf(contract), queues: 1 },
  ]);
}
