import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { clusterInfo } from "../../rocketmq/client/cluster.ts";
import { masterAddress, PERM_WRITE, type TopicRoute } from "../../rocketmq/client/route.ts";

/**
 * Whether what a route gives as a broker's master may be a replica that stands in for it: nobody may write there then.
 * Such a replica knows of commits, marks and owners only what it copied up to a minute ago, or nothing at all: 5.5.0
 * copies no offsets once anything was pulled (RocketMQ issue 10284). So nothing is read from it: what it has waits for the master.
 */
export function mayBeReplica({ brokers, queues }: TopicRoute, brokerName: string): boolean {
  if (brokers.get(brokerName)?.actingMaster !== true) return false;
  const held = queues.find((each) => each.brokerName === brokerName);
  return held !== undefined && (held.perm & PERM_WRITE) === 0;
}

/**
 * Whether what a route gives as a broker's master is its master. A topic that nobody may write looks there as one whose
 * replica stands in: the list of all brokers tells them apart.
 *
 * @throws {RocketMqError} when no name server tells
 */
export async function isMaster(
  client: RocketMqClient,
  route: TopicRoute,
  brokerName: string,
): Promise<boolean> {
  if (!mayBeReplica(route, brokerName)) return true;
  return masterAddress(await clusterInfo(client), brokerName) === masterAddress(route, brokerName);
}
