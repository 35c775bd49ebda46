import { RequestCode } from "../remote/codes.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { jsonBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";
import { PERM_READ, PERM_WRITE } from "./route.ts";

/** A topic as one broker keeps it. */
export interface TopicConfig {
  /** Name of the topic. */
  readonly topic: string;
  /** Queues that consumers see. */
  readonly readQueues: number;
  /** Queues that producers see. */
  readonly writeQueues: number;
  /** Bits `PERM_READ` and `PERM_WRITE`. Default: both. */
  readonly perm?: number | undefined;
  /** `message.type`, `queue.type`, `cleanup.policy` and so on, to be set. Default: none. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** A consumer group as one broker keeps it. */
export interface SubscriptionGroupConfig {
  /** Name of the group. */
  readonly group: string;
  /** How often a message is given again before it becomes a dead letter. Default: 16. */
  readonly retryMaxTimes?: number | undefined;
  /** Queues of the group's retry topic. Default: 1. */
  readonly retryQueues?: number | undefined;
  /** Keep the order of message groups for consumers that settle message by message. Default: false. */
  readonly ordered?: boolean | undefined;
  /** Tell members when others come and go. Default: true. */
  readonly notifyMemberChanges?: boolean | undefined;
}

/**
 * Creates a topic on one broker, or **overwrites** it, its queue numbers included: look at the route first.
 *
 * @param address a master, `host:port`; call it for each
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function createTopic(
  client: RocketMqClient,
  address: string,
  config: TopicConfig,
  options?: RequestOptions,
): Promise<void> {
  const attributes = Object.entries(config.attributes ?? {}).map(([name, value]) => `+${name}=${value}`);
  // RocketMQ: CreateTopicRequestHeader.
  const fields = {
    topic: client.onWire(config.topic),
    defaultTopic: "TBW102",
    readQueueNums: String(config.readQueues),
    writeQueueNums: String(config.writeQueues),
    perm: String(config.perm ?? (PERM_READ | PERM_WRITE)),
    topicFilterType: "SINGLE_TAG",
    topicSysFlag: "0",
    order: "false",
    ...(attributes.length === 0 ? {} : { attributes: attributes.join(",") }),
  };
  expectSuccess(
    await client.request(address, { code: RequestCode.UPDATE_AND_CREATE_TOPIC, fields }, options),
    address,
  );
}

/**
 * Deletes a topic and its messages on one broker. Tell the name servers too: {@linkcode forgetTopic}.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function deleteTopic(
  client: RocketMqClient,
  address: string,
  topic: string,
  options?: RequestOptions,
): Promise<void> {
  const request = { code: RequestCode.DELETE_TOPIC_IN_BROKER, fields: { topic: client.onWire(topic) } };
  expectSuccess(await client.request(address, request, options), address);
}

/**
 * Deletes the route of a topic on every name server.
 *
 * @throws RocketMqError of the first that failed
 */
export async function forgetTopic(
  client: RocketMqClient,
  topic: string,
  options?: RequestOptions,
): Promise<void> {
  const request = { code: RequestCode.DELETE_TOPIC_IN_NAMESRV, fields: { topic: client.onWire(topic) } };
  for (const address of client.nameServers.addresses) {
    expectSuccess(await client.request(address, request, options), address);
  }
}

/**
 * Creates a consumer group on one broker, or overwrites it.
 *
 * @param address a master, `host:port`; call it for each
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function createSubscriptionGroup(
  client: RocketMqClient,
  address: string,
  config: SubscriptionGroupConfig,
  options?: RequestOptions,
): Promise<void> {
  // RocketMQ: SubscriptionGroupConfig.
  const body = jsonBody({
    groupName: client.onWire(config.group),
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeBroadcastEnable: true,
    consumeMessageOrderly: config.ordered ?? false,
    retryQueueNums: config.retryQueues ?? 1,
    retryMaxTimes: config.retryMaxTimes ?? 16,
    brokerId: 0,
    whichBrokerWhenConsumeSlowly: 1,
    notifyConsumerIdsChangedEnable: config.notifyMemberChanges ?? true,
    groupSysFlag: 0,
    consumeTimeoutMinute: 15,
    attributes: {},
  });
  const request = { code: RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, fields: {}, body };
  expectSuccess(await client.request(address, request, options), address);
}

/**
 * Deletes a consumer group on one broker, with its offsets.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function deleteSubscriptionGroup(
  client: RocketMqClient,
  address: string,
  group: string,
  options?: RequestOptions,
): Promise<void> {
  const fields = { groupName: client.onWire(group), cleanOffset: "true" };
  const request = { code: RequestCode.DELETE_SUBSCRIPTIONGROUP, fields };
  expectSuccess(await client.request(address, request, options), address);
}
