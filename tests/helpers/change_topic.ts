import assert from "node:assert/strict";
import {
  clusterInfo,
  createTopic,
  masterAddresses,
  PERM_READ,
  PERM_WRITE,
  type RocketMqClient,
  type TopicConfig,
} from "rocket-actors/rocketmq";

/** How long a name server may take to hear of a change, in milliseconds. */
const ARRIVAL_LIMIT_MS = 30_000;

/** After which it has not missed it by being slow, but for good. */
const MISSED_MS = 1_000;

/**
 * Changes a topic that exists at every master, and resolves when name servers tell it so.
 *
 * RocketMQ 5.5.0 can lose such a change: where a group joins at the same moment, the topic that the broker makes for its
 * retries is registered first, with the version that both changes share, and name servers take the second for known
 * (`RouteInfoManager.isTopicConfigChanged`). They never ask again, and the same change once more is none to the broker.
 * So the number of queues to write, which nobody here goes by, is another each time.
 */
export async function changeTopic(client: RocketMqClient, config: TopicConfig): Promise<void> {
  const masters = masterAddresses(await clusterInfo(client));
  for (const [brokerName, address] of masters) {
    for (let writeQueues = config.writeQueues;; writeQueues++) {
      await createTopic(client, address, { ...config, writeQueues });
      if (await arrived(client, brokerName, { ...config, writeQueues })) break;
      const most = config.writeQueues + ARRIVAL_LIMIT_MS / MISSED_MS;
      assert.ok(writeQueues < most, `${config.topic} has not changed within ${ARRIVAL_LIMIT_MS} ms`);
    }
  }
}

async function arrived(client: RocketMqClient, brokerName: string, config: TopicConfig): Promise<boolean> {
  for (const limit = performance.now() + MISSED_MS; performance.now() < limit;) {
    const { queues } = await client.route(config.topic, { fresh: true });
    const told = queues.find((each) => each.brokerName === brokerName);
    const { readQueues, writeQueues, perm = PERM_READ | PERM_WRITE } = config;
    if (told?.read === readQueues && told.write === writeQueues && told.perm === perm) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
