import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { plainBody } from "../../rocketmq/client/message_body.ts";
import { PropertyName, replyTopic } from "../../rocketmq/client/property_names.ts";
import { queryByKey } from "../../rocketmq/client/query.ts";
import { masterAddress, type TopicRoute } from "../../rocketmq/client/route.ts";
import { sendReply } from "../../rocketmq/client/send.ts";
import type { Command } from "../../rocketmq/remote/command.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import type { Delivery, DirectMessage, Message, StoredReply, Waiting } from "../transport.ts";
import { CALLER_GROUP, LOOKUP_MESSAGES, REPLY_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { replyProperties, toDirectMessage, toProperties } from "./messages.ts";
import { parseReplyAddress } from "./reply_address.ts";

const log = logger("transport");

/** A broker that a reply can be sent to. */
interface Candidate {
  readonly brokerName: string;
  readonly address: string;
}

/**
 * Sends a reply to be pushed to its requester (code 325). The broker of the request comes first, because requesters
 * register there; then one other. A reply that was stored though nobody could be pushed counts as sent.
 *
 * @throws {RocketMqError} when no broker took it
 * @throws {TypeError} when the address is none of this transport
 */
export async function pushReply(
  client: RocketMqClient,
  address: string,
  message: Omit<Message, "topic">,
  near: Delivery | undefined,
  { signal }: Waiting,
): Promise<void> {
  const to = parseReplyAddress(address);
  const topic = replyTopic(await clusterOf(client, near));
  const properties = [...replyProperties(to, message.plain), ...toProperties(message)];
  const [first, second] = candidates(await client.route(topic, { signal }), near);
  if (first === undefined) {
    throw new RpcError("unavailable", `Topic "${topic}" has no master`, { outcome: "not_sent" });
  }
  const send = ({ brokerName, address }: Candidate) =>
    sendReply(
      client,
      address,
      { brokerName, topic, queueId: 0, properties, body: message.body, producerGroup: CALLER_GROUP },
      { timeoutMs: REPLY_TIMEOUT_MS, signal },
    );
  const result = await send(first);
  if (!result.pushed && second !== undefined) await send(second);
}

/** Finds a reply by its call id in what brokers keep of pushed replies: near the request first, then everywhere. */
export async function findStoredReply(
  client: RocketMqClient,
  callId: string,
  near: Delivery,
  { signal }: Waiting,
): Promise<StoredReply | undefined> {
  const topic = replyTopic(await clusterOf(client, near));
  const route = await client.route(topic, { signal });
  for (const { address } of candidates(route, near)) {
    const query = { topic, key: callId, max: LOOKUP_MESSAGES };
    const [found] = await queryByKey(client, address, query, { timeoutMs: REQUEST_TIMEOUT_MS, signal });
    if (found !== undefined) return { headers: found.properties, body: found.body };
  }
  return undefined;
}

/** Hands a pushed reply (code 326) to the listener. What cannot be read is logged: its broker has nothing to mend. */
export function receivePushed(command: Command, listener: (message: DirectMessage) => void): void {
  let message: DirectMessage;
  try {
    const body = plainBody(command.body, Number(command.fields["sysFlag"] ?? 0));
    message = toDirectMessage(command.fields["properties"] ?? "", body);
  } catch (error) {
    log.warn(EVENTS.caller.replyRefused, { error });
    return;
  }
  // Two turns of the queue: in the first the answer is written, for which a thread of the broker waits.
  queueMicrotask(() => queueMicrotask(() => listener(message)));
}

/** Brokers write their cluster on each message that was sent alone; of one sent in a batch the route tells. */
async function clusterOf(client: RocketMqClient, near: Delivery | undefined): Promise<string> {
  const written = near?.message.headers.get(PropertyName.CLUSTER);
  if (written !== undefined) return written;
  const { topic, broker } = near?.queue ?? {};
  const route = topic === undefined ? undefined : await client.route(topic);
  const cluster = broker === undefined ? undefined : route?.brokers.get(broker)?.cluster;
  if (cluster !== undefined) return cluster;
  throw new RpcError(
    "failed_precondition",
    "Cannot reply: the request does not say which cluster it came from",
    {
      outcome: "not_sent",
    },
  );
}

function candidates(route: TopicRoute, near: Delivery | undefined): Candidate[] {
  const all = [...route.brokers.keys()].flatMap((brokerName): Candidate[] => {
    const address = masterAddress(route, brokerName);
    return address === undefined ? [] : [{ brokerName, address }];
  });
  const first = near?.queue.broker;
  return all.sort((one, other) => Number(other.brokerName === first) - Number(one.brokerName === first));
}
