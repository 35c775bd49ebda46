import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { queryOffset } from "../../rocketmq/client/offsets.ts";
import { masterAddress, type TopicRoute } from "../../rocketmq/client/route.ts";
import { RocketMqError } from "../../rocketmq/error.ts";
import type { Waiting } from "../transport.ts";
import { REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { sideGroups } from "./names.ts";

/**
 * Asks every master of a topic for an offset of the group and of each of its side groups: an account that may not use
 * one of them shall fail here, and not in every queue's takeover. Other failures pass: who comes later is told.
 *
 * @throws {RocketMqError} the refusal
 */
export async function checkGroupAccess(
  client: RocketMqClient,
  route: TopicRoute,
  group: string,
  { signal }: Waiting,
): Promise<void> {
  const groups = [group, ...sideGroups.all(group)];
  await Promise.all([...route.brokers.keys()].flatMap((brokerName) => {
    const address = masterAddress(route, brokerName);
    if (address === undefined) return [];
    const queue = { topic: route.topic, brokerName, queueId: 0 };
    return groups.map(async (name) => {
      try {
        const options = { timeoutMs: REQUEST_TIMEOUT_MS, signal };
        await queryOffset(client, address, { ...queue, group: name }, options);
      } catch (error) {
        if (error instanceof RocketMqError && error.access !== undefined) throw error;
        signal?.throwIfAborted();
      }
    });
  }));
}
