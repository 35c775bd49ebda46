import assert from "node:assert/strict";
import type { TopicSpec } from "../../src/transport/transport.ts";
import {
  clusterInfo,
  createSubscriptionGroup,
  createTopic,
  masterAddresses,
  type RocketMqClient,
  RocketMqError,
} from "rocket-actors/rocketmq";

const NO_SUCH_TOPIC = 17;
/** How long a name server may take to hear of a new topic, in milliseconds. */
const ARRIVAL_LIMIT_MS = 30_000;

/** Brokers write what they make to disk. */
const WAITING = { timeoutMs: 30_000 };

/** The topic of replies, which every instance needs that is reached by gRPC. */
export const REPLY_TOPIC_SPEC: TopicSpec = { topic: "rpc-replies", queues: 8 };

/**
 * Makes topics as an operator does before anybody uses them by gRPC: a proxy that has been asked for a topic in vain
 * says for 20 s that there is none.
 */
export async function makeTopics(operator: RocketMqClient, specs: readonly TopicSpec[]): Promise<void> {
  const masters = [...masterAddresses(await clusterInfo(operator, WAITING)).values()];
  await Promise.all(specs.map(async ({ topic, queues, group, ordered = false }) => {
    if (group !== undefined) {
      await Promise.all(
        masters.map((address) => createSubscriptionGroup(operator, address, { group, ordered }, WAITING)),
      );
    }
    if (await exists(operator, topic)) return;
    const attributes = { "message.type": ordered ? "FIFO" : "NORMAL" };
    const config = { topic, readQueues: queues, writeQueues: queues, attributes };
    await Promise.all(masters.map((address) => createTopic(operator, address, config, WAITING)));
    const limit = performance.now() + ARRIVAL_LIMIT_MS;
    while (!await exists(operator, topic)) {
      assert.ok(performance.now() < limit, `No route to ${topic} within ${ARRIVAL_LIMIT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }));
}

async function exists(operator: RocketMqClient, topic: string): Promise<boolean> {
  try {
    await operator.route(topic, { fresh: true, ...WAITING });
    return true;
  } catch (error) {
    if (error instanceof RocketMqError && error.responseCode === NO_SUCH_TOPIC) return false;
    throw error;
  }
}
