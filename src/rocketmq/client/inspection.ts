import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command } from "../remote/command.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { asArray, asInteger, asObject, asText, readBody, readJsonBody } from "./json.ts";
import { withNamespace, withoutNamespace } from "./namespace.ts";
import type { QueueId } from "./queue.ts";
import type { RequestOptions } from "./request_options.ts";
import { parseTolerantJson, type TolerantJson, type TolerantObject } from "./tolerant_json.ts";

/** What one broker holds of a queue. */
export interface QueueStats {
  /** The queue. */
  readonly queue: QueueId;
  /** First offset that it still has. */
  readonly minOffset: number;
  /** One past its last offset. */
  readonly maxOffset: number;
  /** When its last message was stored, epoch milliseconds; 0 where it has none. */
  readonly storedAtMs: number;
}

/** How far a consumer group is in a queue. */
export interface ConsumeStats {
  /** The queue. */
  readonly queue: QueueId;
  /** One past the queue's last offset. */
  readonly brokerOffset: number;
  /** The group's: the next one to settle. */
  readonly consumerOffset: number;
  /** When the message before that was stored, epoch milliseconds. */
  readonly lastAtMs: number;
}

/** A client that a broker has registered. */
export interface ClientConnection {
  /** Its id. */
  readonly clientId: string;
  /** Where it connects from, `host:port`. */
  readonly address: string;
  /** Name of its language, e.g. `JAVA`. */
  readonly language: string;
  /** Ordinal of its version. RocketMQ: MQVersion. */
  readonly version: number;
}

/**
 * Lists the topics that a name server knows; in a namespace its own, without it, and the cluster's.
 *
 * @throws RocketMqError when no name server answers, or it refuses
 */
export async function topicNames(
  client: RocketMqClient,
  options?: RequestOptions,
): Promise<readonly string[]> {
  const request = { code: RequestCode.GET_ALL_TOPIC_LIST_FROM_NAMESERVER, fields: {} };
  const { address, response } = await client.nameServers.request(request, options);
  const { namespace } = client;
  return readJsonBody(expectSuccess(response, address), address, (value) => {
    const names = asArray(asObject(value, "The body")["topicList"], "topicList")
      .map((name) => asText(name, "topicList[]"));
    if (namespace === undefined) return names;
    const inside = names.filter((name) => withNamespace(namespace, name) === name);
    return inside.map((name) => withoutNamespace(namespace, name));
  });
}

/**
 * Tells what one broker holds of each queue of a topic.
 *
 * @throws RocketMqError kind `refused` (17: no such topic), `not_sent` or `unknown`
 */
export async function topicStats(
  client: RocketMqClient,
  address: string,
  topic: string,
  options?: RequestOptions,
): Promise<readonly QueueStats[]> {
  const fields = { topic: client.onWire(topic) };
  const response = await client.request(address, { code: RequestCode.GET_TOPIC_STATS_INFO, fields }, options);
  return offsetTable(client, response, address, (queue, entry) => ({
    queue,
    minOffset: integer(entry, "minOffset"),
    maxOffset: integer(entry, "maxOffset"),
    storedAtMs: integer(entry, "lastUpdateTimestamp"),
  }));
}

/**
 * Tells how far a consumer group is at one broker, in the queues of all topics that it has offsets of, or of one.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function consumeStats(
  client: RocketMqClient,
  address: string,
  { group, topic }: { readonly group: string; readonly topic?: string | undefined },
  options?: RequestOptions,
): Promise<readonly ConsumeStats[]> {
  const fields = {
    consumerGroup: client.onWire(group),
    ...(topic === undefined ? {} : { topic: client.onWire(topic) }),
  };
  const response = await client.request(address, { code: RequestCode.GET_CONSUME_STATS, fields }, options);
  return offsetTable(client, response, address, (queue, entry) => ({
    queue,
    brokerOffset: integer(entry, "brokerOffset"),
    consumerOffset: integer(entry, "consumerOffset"),
    lastAtMs: integer(entry, "lastTimestamp"),
  }));
}

/**
 * Lists the members of a consumer group that are connected to one broker; none where nobody is.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function consumerConnections(
  client: RocketMqClient,
  address: string,
  group: string,
  options?: RequestOptions,
): Promise<readonly ClientConnection[]> {
  const fields = { consumerGroup: client.onWire(group) };
  const request = { code: RequestCode.GET_CONSUMER_CONNECTION_LIST, fields };
  const response = await client.request(address, request, options);
  return response.code === ResponseCode.CONSUMER_NOT_ONLINE ? [] : connectionSet(response, address);
}

/**
 * Lists the clients of a producer group that are registered with one broker, to which it pushes replies; none where
 * nobody is.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function producerConnections(
  client: RocketMqClient,
  address: string,
  group: string,
  options?: RequestOptions,
): Promise<readonly ClientConnection[]> {
  const fields = { producerGroup: client.onWire(group) };
  const request = { code: RequestCode.GET_PRODUCER_CONNECTION_LIST, fields };
  const response = await client.request(address, request, options);
  // That is how a broker says "nobody".
  return response.code === ResponseCode.SYSTEM_ERROR ? [] : connectionSet(response, address);
}

function connectionSet(response: Command, address: string): readonly ClientConnection[] {
  return readJsonBody(expectSuccess(response, address), address, (value) => {
    return asArray(asObject(value, "The body")["connectionSet"], "connectionSet").map((each) => {
      const connection = asObject(each, "connectionSet[]");
      return {
        clientId: asText(connection["clientId"], "clientId"),
        address: asText(connection["clientAddr"], "clientAddr"),
        language: asText(connection["language"], "language"),
        version: asInteger(connection["version"], "version"),
      };
    });
  });
}

/** Reads a table whose keys are queues, written as whole objects. RocketMQ: TopicStatsTable, ConsumeStats. */
function offsetTable<T>(
  { namespace }: RocketMqClient,
  response: Command,
  address: string,
  read: (queue: QueueId, entry: TolerantObject) => T,
): readonly T[] {
  return readBody(expectSuccess(response, address), address, (text) => {
    const table = asMap(asMap(parseTolerantJson(text), "The body").get("offsetTable"), "offsetTable");
    return [...table].map(([key, entry]) => {
      const queue = asMap(key, "A queue");
      const topic = withoutNamespace(namespace, asText(queue.get("topic"), "topic"));
      const brokerName = asText(queue.get("brokerName"), "brokerName");
      return read({ topic, brokerName, queueId: integer(queue, "queueId") }, asMap(entry, "offsetTable{}"));
    });
  });
}

function integer(entry: TolerantObject, name: string): number {
  return asInteger(entry.get(name), name);
}

function asMap(value: TolerantJson | undefined, what: string): TolerantObject {
  if (value instanceof Map) return value;
  throw new TypeError(`${what} is not an object`);
}
