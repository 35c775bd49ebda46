import { heartbeat, masterAddress, replyTopic, type RocketMqClient } from "../../../src/rocketmq/mod.ts";

/** Queues of the topic: as many as the Java client's have. */
export const QUEUES = 4;
/** Group of both ends' producers. */
export const PRODUCERS = "bench-native";

const HEARTBEAT_MS = 20_000;

/** Where a topic is: on the one broker of the run. */
export interface NativeTopic {
  readonly topic: string;
  readonly brokerName: string;
  readonly address: string;
  /** Where replies go. */
  readonly replies: string;
}

/** Looks it up, and registers with its broker for as long as the program runs. */
export async function findTopic(client: RocketMqClient, topic: string): Promise<NativeTopic> {
  const route = await client.route(topic, { fresh: true });
  const brokerName = route.queues[0]?.brokerName ?? "";
  const address = masterAddress(route, brokerName) ?? "";
  const register = () => heartbeat(client, address, { producerGroups: [PRODUCERS] });
  await register();
  setInterval(() => register().catch(() => {}), HEARTBEAT_MS);
  return {
    topic,
    brokerName,
    address,
    replies: replyTopic(route.brokers.get(brokerName)?.cluster ?? ""),
  };
}
