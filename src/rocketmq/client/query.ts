import { RocketMqError } from "../error.ts";
import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command } from "../remote/command.ts";
import { expectSuccess } from "../remote/response.ts";
import { textOf } from "../remote/text_of.ts";
import type { RocketMqClient } from "./client.ts";
import { decodeMessages, type StoredMessage } from "./message.ts";
import { PropertyName } from "./property_names.ts";
import type { RequestOptions } from "./request_options.ts";

/** Default of {@linkcode KeyQuery.max}. */
const DEFAULT_MAX = 32;

/** What to look for in a broker's index. */
export interface KeyQuery {
  /** The topic it is stored in. */
  readonly topic: string;
  /** One of the blank-separated `KEYS` of the message, or its `UNIQ_KEY`. */
  readonly key: string;
  /** How many messages at most. Default: 32. */
  readonly max?: number | undefined;
  /** Stored at this time or later, epoch milliseconds. Default: 0. */
  readonly beginMs?: number | undefined;
  /** Stored at this time or earlier, epoch milliseconds. Default: no limit. */
  readonly endMs?: number | undefined;
  /** Look for `UNIQ_KEY` instead of `KEYS`. Default: false. */
  readonly uniqueKey?: boolean | undefined;
}

/**
 * Finds messages of one broker by key. A message can be found about a millisecond after it was stored, at times later.
 * Ask every broker of the topic.
 *
 * @returns those that have the key; none when there is none
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function queryByKey(
  client: RocketMqClient,
  address: string,
  query: KeyQuery,
  options?: RequestOptions,
): Promise<readonly StoredMessage[]> {
  const { topic, key, max = DEFAULT_MAX, beginMs = 0, endMs = Number.MAX_SAFE_INTEGER, uniqueKey = false } =
    query;
  // RocketMQ: QueryMessageRequestHeader, MixAll.UNIQUE_MSG_QUERY_FLAG.
  const fields = {
    topic: client.onWire(topic),
    key,
    maxNum: String(max),
    beginTimestamp: String(Math.floor(beginMs)),
    endTimestamp: String(Math.floor(endMs)),
    _UNIQUE_KEY_QUERY: String(uniqueKey),
  };
  const response = await client.request(address, { code: RequestCode.QUERY_MESSAGE, fields }, options);
  if (response.code === ResponseCode.QUERY_NOT_FOUND) return [];
  // The index knows hashes only.
  return readMessages(client, expectSuccess(response, address), address)
    .filter((message) => message.topic === topic && hasKey(message, key, uniqueKey));
}

/**
 * Reads one message by its place in the broker's commit log.
 *
 * @throws RocketMqError kind `refused` when there is none at this place; `not_sent` or `unknown`
 */
export async function viewMessage(
  client: RocketMqClient,
  address: string,
  commitLogOffset: number,
  options?: RequestOptions,
): Promise<StoredMessage> {
  const request = { code: RequestCode.VIEW_MESSAGE_BY_ID, fields: { offset: String(commitLogOffset) } };
  const response = expectSuccess(await client.request(address, request, options), address);
  const [message] = readMessages(client, response, address);
  if (message !== undefined) return message;
  throw new RocketMqError("unknown", `Cannot read the answer of ${address}: no message in it`, { address });
}

function readMessages({ namespace }: RocketMqClient, response: Command, address: string): StoredMessage[] {
  try {
    return decodeMessages(response.body, { namespace });
  } catch (cause) {
    throw new RocketMqError("unknown", `Cannot read the answer of ${address}: ${textOf(cause)}`, {
      address,
      cause,
    });
  }
}

function hasKey(message: StoredMessage, key: string, uniqueKey: boolean): boolean {
  if (uniqueKey) return message.properties.get(PropertyName.UNIQUE_KEY) === key;
  return (message.properties.get(PropertyName.KEYS) ?? "").split(" ").includes(key);
}
