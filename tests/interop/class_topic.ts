import { setTimeout as delay } from "node:timers/promises";
import {
  clusterInfo,
  createTopic,
  masterAddress,
  masterAddresses,
  maxOffset,
  queryOffset,
  RocketMqClient,
} from "../../src/rocketmq/mod.ts";
import { groupOf, topicOf } from "../../src/call/plan.ts";

/** How long name servers may take to hear of a new topic, and how often they are asked, in milliseconds. */
const ARRIVAL_LIMIT_MS = 30_000;
const POLL_MS = 10;

/** How many of a queue's messages are settled. */
export interface QueueProgress {
  readonly queueId: number;
  /** The offset that the contract's group has committed. */
  readonly committed: number;
  /** The offset behind the last message. */
  readonly end: number;
}

/** How far the contract's group has come, by the brokers; queues that were never used are left out. */
export async function progressOf(nameServers: string, contract: string): Promise<QueueProgress[]> {
  const topic = topicOf(contract);
  return await withClient(nameServers, async (client) => {
    const route = await client.route(topic, { fresh: true });
    const places = route.queues.flatMap(({ brokerName, read }) =>
      Array.from({ length: read }, (_, queueId) => ({ topic, brokerName, queueId }))
    );
    const all = await Promise.all(places.map(async (place) => {
      const address = masterAddress(route, place.brokerName) ?? "";
      const end = await maxOffset(client, address, place);
      const committed = await queryOffset(client, address, { ...place, group: groupOf(contract) });
      return { queueId: place.queueId, committed: committed ?? 0, end };
    }));
    return all.filter(({ end }) => end > 0);
  });
}

/** How many queues the contract's topic has, over all brokers. */
export async function queueCount(nameServers: string, contract: string): Promise<number> {
  const { queues } = await withClient(
    nameServers,
    (client) => client.route(topicOf(contract), { fresh: true }),
  );
  return queues.reduce((sum, { write }) => sum + write, 0);
}

/** Makes the topic of a contract that strangers serve: nobody else does. */
export async function makeTopic(nameServers: string, contract: string, queues = 4): Promise<void> {
  await withClient(nameServers, async (client) => {
    for (const [, address] of masterAddresses(await clusterInfo(client))) {
      await createTopic(client, address, {
        topic: topicOf(contract),
        readQueues: queues,
        writeQueues: queues,
      });
    }
    await untilKnown(client, topicOf(contract));
  });
}

/** Waits until the name servers have heard of a topic from its broker. */
async function untilKnown(client: RocketMqClient, topic: string): Promise<void> {
  const limit = performance.now() + ARRIVAL_LIMIT_MS;
  while (true) {
    try {
      await client.route(topic, { fresh: true });
      return;
    } catch (error) {
      if (performance.now() > limit) throw error;
      await delay(POLL_MS);
    }
  }
}

async function withClient<T>(nameServers: string, use: (client: RocketMqClient) => Promise<T>): Promise<T> {
  await using client = new RocketMqClient({ nameServers, clientId: `interop-${crypto.randomUUID()}` });
  return await use(client);
}
