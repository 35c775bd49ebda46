import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Fields } from "../remote/command.ts";
import { expectSuccess, numberField } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { offsetField, type QueueId } from "./queue.ts";
import type { RequestOptions } from "./request_options.ts";

/** A consumer group's place in a queue. */
export interface GroupQueue extends QueueId {
  /** The consumer group. */
  readonly group: string;
}

/** A place to store. */
export interface OffsetUpdate extends GroupQueue {
  /** The next offset to read; any integer from 0 to 2^53 - 1. */
  readonly offset: number;
}

/** How {@linkcode updateOffset} sends. */
export interface UpdateOffsetOptions extends RequestOptions {
  /** Do not wait for an answer. Brokers reorder such writes: keep them a millisecond and more apart. Default: false. */
  readonly oneway?: boolean | undefined;
}

/**
 * Reads a group's offset of a queue. A 4.9 broker answers 0 where a 5.x broker says that none is stored, as long as
 * the queue's first message is still in memory.
 *
 * @returns `undefined` when none is stored
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function queryOffset(
  client: RocketMqClient,
  address: string,
  place: GroupQueue,
  options?: RequestOptions,
): Promise<number | undefined> {
  // Without the field a broker may answer 0 for a group that never stored anything.
  const fields = { ...groupFields(client, place), setZeroIfNotFound: "false" };
  const response = await client.request(
    address,
    { code: RequestCode.QUERY_CONSUMER_OFFSET, fields },
    options,
  );
  if (response.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
  return numberField(expectSuccess(response, address), "offset", address);
}

/**
 * Stores a group's offset of a queue. Nothing is fenced: the last write a broker handles wins, lower or not. It is on
 * the broker's disk after up to 5 s.
 *
 * @throws RocketMqError kind `refused` (26: no such group), `not_sent` or `unknown`
 * @throws RangeError when the offset is not an integer from 0 to 2^53 - 1
 */
export async function updateOffset(
  client: RocketMqClient,
  address: string,
  update: OffsetUpdate,
  options: UpdateOffsetOptions = {},
): Promise<void> {
  const fields = { ...groupFields(client, update), commitOffset: offsetField(update.offset) };
  const request = { code: RequestCode.UPDATE_CONSUMER_OFFSET, fields };
  if (options.oneway) return await client.oneway(address, request);
  expectSuccess(await client.request(address, request, options), address);
}

/**
 * Reads the first offset that a queue still has.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export function minOffset(
  client: RocketMqClient,
  address: string,
  queue: QueueId,
  options?: RequestOptions,
): Promise<number> {
  return queueOffset(client, address, RequestCode.GET_MIN_OFFSET, queueFields(client, queue), options);
}

/**
 * Reads the offset that the next message of a queue will get.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export function maxOffset(
  client: RocketMqClient,
  address: string,
  queue: QueueId,
  options?: RequestOptions,
): Promise<number> {
  return queueOffset(client, address, RequestCode.GET_MAX_OFFSET, queueFields(client, queue), options);
}

/**
 * Finds the first offset of a queue that was stored at a time or later.
 *
 * @param storedAtMs epoch milliseconds, by the broker's clock
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export function offsetAtTime(
  client: RocketMqClient,
  address: string,
  queue: QueueId,
  storedAtMs: number,
  options?: RequestOptions,
): Promise<number> {
  const fields = {
    ...queueFields(client, queue),
    timestamp: String(Math.floor(storedAtMs)),
    boundaryType: "LOWER",
  };
  return queueOffset(client, address, RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, fields, options);
}

async function queueOffset(
  client: RocketMqClient,
  address: string,
  code: number,
  fields: Fields,
  options: RequestOptions | undefined,
): Promise<number> {
  const response = await client.request(address, { code, fields }, options);
  return numberField(expectSuccess(response, address), "offset", address);
}

function groupFields(client: RocketMqClient, place: GroupQueue): Fields {
  return { consumerGroup: client.onWire(place.group), ...queueFields(client, place) };
}

function queueFields(client: RocketMqClient, { topic, queueId, brokerName }: QueueId): Fields {
  return { topic: client.onWire(topic), queueId: String(queueId), bname: brokerName };
}
