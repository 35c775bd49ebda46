import { RocketMqClient } from "rocket-actors/rocketmq";
import { QUEUES_PER_MASTER } from "../../src/contract/defaults.ts";
import { deadLetterTopicOf, groupOf, topicOf } from "../../src/call/plan.ts";
import type { TopicSpec } from "../../src/transport/transport.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";

/** The contracts of the examples that can be served by gRPC, and whether any of their methods has a key. */
const CONTRACTS: readonly (readonly [name: string, ordered: boolean])[] = [
  ["bank.Payments", true],
  ["bank.Notices", false],
  ["bank.Ledger", true],
  ["bank.Rates", false],
  ["bank.Quotes", false],
  ["bank.Reports", false],
  ["bank.Vault", false],
  ["bank.History", false],
  ["demo.Counter", false],
  ["demo.Served", false],
  ["demo.Feed", false],
  ["demo.Slow", false],
  ["demo.AsJson", false],
  ["demo.AsMsgpack", false],
];

/** Makes what the examples need, as an operator does: over gRPC they cannot. */
export async function makeExampleTopics(nameServers: string): Promise<void> {
  await using operator = new RocketMqClient({ nameServers, clientId: `operator-${crypto.randomUUID()}` });
  const specs = CONTRACTS.flatMap(([name, ordered]): TopicSpec[] => [
    { topic: topicOf(name), queues: QUEUES_PER_MASTER, group: groupOf(name), ordered },
    { topic: deadLetterTopicOf(name), queues: 1 },
  ]);
  await makeTopics(operator, [REPLY_TOPIC_SPEC, ...specs]);
}
