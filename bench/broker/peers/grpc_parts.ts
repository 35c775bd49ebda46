import type { Transport } from "rocket-actors";
import { deadLetterTopicOf, groupOf, topicOf } from "../../../src/call/plan.ts";
import { QUEUES_PER_MASTER } from "../../../src/contract/defaults.ts";
import { RocketMqClient } from "../../../src/rocketmq/mod.ts";
import type { TopicSpec } from "../../../src/transport/transport.ts";

const TRANSPORT = new URL("../../../src/transport/grpc/mod.ts", import.meta.url);
const TOPICS = new URL("../../../tests/helpers/grpc_topics.ts", import.meta.url);

/** What is used of the transport's module. */
interface TransportModule {
  grpc(options: { readonly endpoints: string }): Transport;
}

/** What is used of the tests' module that makes topics as an operator does: over gRPC they cannot be made. */
interface TopicsModule {
  makeTopics(operator: RocketMqClient, specs: readonly TopicSpec[]): Promise<void>;
  readonly REPLY_TOPIC_SPEC: TopicSpec;
}

/** Whether this checkout has the transport: a RocketMQ needs a proxy then. */
export async function grpcIsBuilt(): Promise<boolean> {
  return await Deno.stat(TRANSPORT).then(({ isFile }) => isFile, () => false);
}

/** Makes one. It is loaded here, not imported above: a checkout without it has everything else. */
export async function grpcTransport(endpoints: string): Promise<Transport> {
  const { grpc }: TransportModule = await import(TRANSPORT.href);
  return grpc({ endpoints });
}

/** Makes what a contract needs, by the name servers. */
export async function makeGrpcTopics(nameServers: string, contract: string): Promise<void> {
  const { makeTopics, REPLY_TOPIC_SPEC }: TopicsModule = await import(TOPICS.href);
  await using operator = new RocketMqClient({ nameServers, clientId: `bench-${crypto.randomUUID()}` });
  await makeTopics(operator, [
    REPLY_TOPIC_SPEC,
    { topic: topicOf(contract), queues: QUEUES_PER_MASTER, group: groupOf(contract) },
    { topic: deadLetterTopicOf(contract), queues: 1 },
  ]);
}
