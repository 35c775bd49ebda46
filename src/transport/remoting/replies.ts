import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { PropertyName, replyTopic } from "../../rocketmq/client/property_names.ts";
import { pushedBody } from "../../rocketmq/client/pushed_body.ts";
import { queryByKey } from "../../rocketmq/client/query.ts";
import { masterAddress } from "../../rocketmq/client/route.ts";
import { sendReply } from "../../rocketmq/client/send.ts";
import type { Command } from "../../rocketmq/remote/command.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import type { Delivery, DirectMessage, Message, SendToOptions, StoredReply, Waiting } from "../transport.ts";
import {
  CALLER_GROUP,
  DIRECT_TRIES,
  LOOKUP_MESSAGES,
  REPLY_TIMEOUT_MS,
  REPLY_TRIES,
  REQUEST_TIMEOUT_MS,
} from "./defaults.ts";
import { isNotSent } from "./errors.ts";
import { replyProperties, toDirectMessage, toProperties } from "./messages.ts";
import { parseReplyAddress } from "./reply_address.ts";

const log = logger("transport");

/** A broker that a reply can be sent to. */
interface Candidate {
  /** Where it keeps replies. */
  readonly topic: string;
  readonly brokerName: string;
  readonly address: string;
}

/**
 * Sends a message to be pushed to an instance (code 325). A reply goes to the broker of its request first, because
 * requesters register there; then to one other. What answers nothing goes to the clusters that this instance knows,
 * until one of their brokers knows the receiver. A broker that certainly did not take it is passed over; what was stored
 * though nobody could be pushed counts as sent.
 *
 * @throws {RocketMqError} when no broker took it, or one may have
 * @throws {RpcError} when the address is none of this transport, or no broker is known
 */
export async function pushReply(
  client: RocketMqClient,
  address: string,
  message: Omit<Message, "topic">,
  clusters: readonly string[],
  { near, signal }: SendToOptions,
): Promise<void> {
  const to = parseReplyAddress(address);
  const properties = [...replyProperties(to, message.plain), ...toProperties(message)];
  const send = ({ brokerName, address, topic }: Candidate) =>
    sendReply(
      client,
      address,
      { brokerName, topic, queueId: 0, properties, body: message.body, producerGroup: CALLER_GROUP },
      { timeoutMs: REPLY_TIMEOUT_MS, signal },
    );
  const known = near === undefined ? clusters : [await clusterOf(client, near, { signal })];
  const all = await Promise.all(known.map(async (cluster) => await mastersOf(client, cluster, near, signal)));
  const tries = near === undefined ? DIRECT_TRIES : REPLY_TRIES;
  const tried = all.flat().slice(0, tries);
  if (tried.length === 0) {
    throw new RpcError("unavailable", "No broker is known that could carry it", { outcome: "not_sent" });
  }
  let stored = false;
  let failure: unknown;
  for (const candidate of tried) {
    try {
      if ((await send(candidate)).pushed) return;
      stored = true;
    } catch (error) {
      signal?.throwIfAborted();
      failure = error;
      // It may have been pushed: by another broker it would come twice.
      if (!isNotSent(error)) break;
    }
  }
  if (!stored) throw failure;
}

/** Finds a reply by its call id in what brokers keep of pushed replies: near the request first, then everywhere. */
export async function findStoredReply(
  client: RocketMqClient,
  callId: string,
  near: Delivery,
  { signal }: Waiting,
): Promise<StoredReply | undefined> {
  const cluster = await clusterOf(client, near, { signal });
  for (const { address, topic } of await mastersOf(client, cluster, near, signal)) {
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
    const body = pushedBody(command.body, Number(command.fields["sysFlag"] ?? 0));
    message = toDirectMessage(command.fields["properties"] ?? "", body);
  } catch (error) {
    log.warn(EVENTS.caller.replyRefused, { error });
    return;
  }
  // Two turns of the queue: in the first the answer is written, for which a thread of the broker waits.
  queueMicrotask(() => queueMicrotask(() => listener(message)));
}

/** Brokers write their cluster on each message that was sent alone; of one sent in a batch the route tells. */
async function clusterOf(client: RocketMqClient, near: Delivery, options: Waiting): Promise<string> {
  const written = near.message.headers.get(PropertyName.CLUSTER);
  if (written !== undefined) return written;
  const { topic, broker } = near.queue;
  const cluster = (await client.route(topic, options)).brokers.get(broker)?.cluster;
  if (cluster !== undefined) return cluster;
  throw new RpcError(
    "failed_precondition",
    "Cannot reply: the request does not say which cluster it came from",
    {
      outcome: "not_sent",
    },
  );
}

/** The masters of a cluster, the one of the request first. */
async function mastersOf(
  client: RocketMqClient,
  cluster: string,
  near: Delivery | undefined,
  signal: AbortSignal | undefined,
): Promise<Candidate[]> {
  const topic = replyTopic(cluster);
  const route = await client.route(topic, { signal });
  const all = [...route.brokers.keys()].flatMap((brokerName): Candidate[] => {
    const address = masterAddress(route, brokerName);
    return address === undefined ? [] : [{ topic, brokerName, address }];
  });
  const first = near?.queue.broker;
  return all.sort((one, other) => Number(other.brokerName === first) - Number(one.brokerName === first));
}
