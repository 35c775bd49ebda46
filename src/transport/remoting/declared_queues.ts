import { RpcError } from "../../errors/rpc_error.ts";
import { masterAddress, PERM_WRITE, type TopicRoute } from "../../rocketmq/client/route.ts";
import type { QueueRef } from "../transport.ts";
import { mayBeReplica } from "./acting_master.ts";
import { unusable } from "./errors.ts";

/** All queues of a topic that can be written, by its route, sorted by broker and id. */
export function declaredQueues({ topic, queues }: TopicRoute): readonly QueueRef[] {
  return [...queues]
    .filter(({ perm }) => (perm & PERM_WRITE) !== 0)
    .sort((one, other) => one.brokerName < other.brokerName ? -1 : 1)
    .flatMap(({ brokerName: broker, write }) =>
      Array.from({ length: write }, (_, id) => ({ topic, broker, id }))
    );
}

/** Those of them whose broker has a master now. */
export function writableQueues(route: TopicRoute): readonly QueueRef[] {
  return declaredQueues(route).filter(({ broker }) => masterAddress(route, broker) !== undefined);
}

/**
 * Finds the master of a queue.
 *
 * @returns its `host:port`
 * @throws {RpcError} `unavailable` / `not_sent` while it has none; `permission_denied` / `not_sent` when nobody may write
 * there, which brokers do not check; `failed_precondition` / `not_sent` when the topic has no such queue, for which old
 * brokers have no code of their own
 */
export function masterOf(queue: QueueRef, route: TopicRoute): string {
  const address = masterAddress(route, queue.broker);
  if (address === undefined) throw noMaster(queue.broker);
  const queues = route.queues.find(({ brokerName }) => brokerName === queue.broker);
  if (queues !== undefined && (queues.perm & PERM_WRITE) === 0) {
    throw mayBeReplica(route, queue.broker) ? noMaster(queue.broker) : unusable(route.topic, "write", false);
  }
  const write = queues?.write ?? 0;
  if (queue.id >= 0 && queue.id < write) return address;
  const message = `Topic "${route.topic}" has no queue ${queue.id} at broker "${queue.broker}"`;
  throw new RpcError("failed_precondition", message, { outcome: "not_sent" });
}

/** What a request is told while its broker has no master. */
export function noMaster(brokerName: string): RpcError {
  return new RpcError("unavailable", `Broker "${brokerName}" has no master now`, { outcome: "not_sent" });
}
