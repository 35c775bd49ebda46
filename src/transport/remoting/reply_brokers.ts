import { RpcError } from "../../errors/rpc_error.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { PropertyName } from "../../rocketmq/client/property_names.ts";
import { masterAddress, PERM_WRITE } from "../../rocketmq/client/route.ts";
import type { Near, Waiting } from "../transport.ts";

/** A master that something can be sent to, or that may hold it. */
export interface ReplyBroker {
  readonly cluster: string;
  readonly brokerName: string;
  /** `host:port`. */
  readonly address: string;
  /** The topic that it keeps it in. */
  readonly topic: string;
  /** Queues of the topic that can be written there. */
  readonly queues: number;
}

/** The masters that hold a topic, that of the request first. */
export async function replyBrokers(
  client: RocketMqClient,
  topic: string,
  near: Near | undefined,
  { signal }: Waiting,
): Promise<ReplyBroker[]> {
  const route = await client.route(topic, { signal });
  const brokers: ReplyBroker[] = [];
  for (const [brokerName, { cluster }] of route.brokers) {
    const address = masterAddress(route, brokerName);
    if (address === undefined) continue;
    const held = route.queues.find((queues) => queues.brokerName === brokerName);
    const queues = held === undefined || (held.perm & PERM_WRITE) === 0 ? 0 : held.write;
    const broker = { cluster, brokerName, address, topic, queues };
    if (brokerName === near?.queue.broker) brokers.unshift(broker);
    else brokers.push(broker);
  }
  return brokers;
}

/**
 * The cluster of a request. Brokers write it on each message that was sent alone; of one sent in a batch the route tells.
 *
 * @throws {RpcError} `failed_precondition` / `not_sent` when nothing tells
 */
export async function clusterOf(client: RocketMqClient, near: Near, options: Waiting): Promise<string> {
  const written = near.message?.headers.get(PropertyName.CLUSTER);
  if (written !== undefined) return written;
  const { topic, broker } = near.queue;
  const cluster = (await client.route(topic, options)).brokers.get(broker)?.cluster;
  if (cluster !== undefined) return cluster;
  const message = "Cannot reply: the request does not say which cluster it came from";
  throw new RpcError("failed_precondition", message, { outcome: "not_sent" });
}
