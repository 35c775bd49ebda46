import { RequestCode } from "../remote/codes.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { jsonBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";
import { parseTags, tagHash } from "./tags.ts";

/** What a group reads of one topic. */
export interface Subscription {
  /** The topic read. */
  readonly topic: string;
  /** Tags separated by `||`, or `*`; an SQL92 condition with {@linkcode Subscription.type} `SQL92`. */
  readonly expression: string;
  /** Brokers replace a subscription by a newer one only. Use epoch milliseconds; never lower it. */
  readonly version: number;
  /** Default: `TAG`. */
  readonly type?: "TAG" | "SQL92" | undefined;
}

/** A consumer group as one of its members declares it; all members must declare the same. */
export interface ConsumerGroup {
  /** Name of the group. */
  readonly group: string;
  /** Everything the group reads; a broker forgets what is missing. */
  readonly subscriptions: readonly Subscription[];
  /** Default: `CONSUME_PASSIVELY`. */
  readonly consumeType?: "CONSUME_ACTIVELY" | "CONSUME_PASSIVELY" | "CONSUME_POP" | undefined;
  /** Default: `CLUSTERING`. */
  readonly messageModel?: "CLUSTERING" | "BROADCASTING" | undefined;
  /** Default: `CONSUME_FROM_FIRST_OFFSET`. */
  readonly consumeFrom?:
    | "CONSUME_FROM_LAST_OFFSET"
    | "CONSUME_FROM_FIRST_OFFSET"
    | "CONSUME_FROM_TIMESTAMP"
    | undefined;
}

/** The groups a client belongs to: all of them, each time. */
export interface HeartbeatData {
  /** Without one of these a broker pushes no replies to this client. */
  readonly producerGroups?: readonly string[] | undefined;
  /** Groups that this client is a member of. */
  readonly consumerGroups?: readonly ConsumerGroup[] | undefined;
}

/** The group to leave. */
export interface Membership {
  /** Producer group to leave, if any. */
  readonly producerGroup?: string | undefined;
  /** Consumer group to leave, if any. */
  readonly consumerGroup?: string | undefined;
}

/** What a broker says to a heartbeat. */
export interface HeartbeatAnswer {
  /** Ordinal of the broker's version. RocketMQ: MQVersion. */
  readonly brokerVersion: number;
}

/**
 * Tells a broker that this client is there, and its groups. It must come before pulls that rely on it, before
 * {@linkcode consumerIds} and before replies; then at least every 30 s, to every broker of the topics used. A group
 * that is left out without {@linkcode unregister} makes the broker close the connection two minutes later.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function heartbeat(
  client: RocketMqClient,
  address: string,
  data: HeartbeatData,
  options?: RequestOptions,
): Promise<HeartbeatAnswer> {
  const body = jsonBody(heartbeatBody(client, data));
  const response = await client.request(address, { code: RequestCode.HEART_BEAT, fields: {}, body }, options);
  return { brokerVersion: expectSuccess(response, address).version };
}

/**
 * Leaves a group at a broker, so that it need not wait for a time-out.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function unregister(
  client: RocketMqClient,
  address: string,
  { producerGroup, consumerGroup }: Membership,
  options?: RequestOptions,
): Promise<void> {
  // RocketMQ: UnregisterClientRequestHeader, which spells the id with a capital D.
  const fields = {
    clientID: client.clientId,
    ...(producerGroup === undefined ? {} : { producerGroup: client.onWire(producerGroup) }),
    ...(consumerGroup === undefined ? {} : { consumerGroup: client.onWire(consumerGroup) }),
  };
  expectSuccess(
    await client.request(address, { code: RequestCode.UNREGISTER_CLIENT, fields }, options),
    address,
  );
}

/** RocketMQ: HeartbeatData, ProducerData, ConsumerData. */
function heartbeatBody(
  client: RocketMqClient,
  { producerGroups = [], consumerGroups = [] }: HeartbeatData,
): unknown {
  return {
    clientID: client.clientId,
    producerDataSet: producerGroups.map((group) => ({ groupName: client.onWire(group) })),
    consumerDataSet: consumerGroups.map((consumer) => ({
      groupName: client.onWire(consumer.group),
      consumeType: consumer.consumeType ?? "CONSUME_PASSIVELY",
      messageModel: consumer.messageModel ?? "CLUSTERING",
      consumeFromWhere: consumer.consumeFrom ?? "CONSUME_FROM_FIRST_OFFSET",
      subscriptionDataSet: consumer.subscriptions.map((each) => subscriptionBody(client, each)),
      unitMode: false,
    })),
  };
}

/** RocketMQ: SubscriptionData. */
function subscriptionBody(
  client: RocketMqClient,
  { topic, expression, version, type = "TAG" }: Subscription,
): unknown {
  const tags = type === "TAG" ? parseTags(expression) : [];
  return {
    topic: client.onWire(topic),
    subString: expression,
    tagsSet: tags,
    codeSet: tags.map(tagHash),
    subVersion: version,
    expressionType: type,
    classFilterMode: false,
  };
}
