import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command, RequestCommand } from "../remote/command.ts";
import { numberField, refusal } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { decodeMessages, type StoredMessage } from "./message.ts";
import { offsetField, type QueueId } from "./queue.ts";
import type { RequestOptions } from "./request_options.ts";
import { MASTER_ID } from "./route.ts";
import { filterByTags } from "./tags.ts";
import { RocketMqError } from "../error.ts";
import { textOf } from "../remote/text_of.ts";

/** Bits of a pull's sysFlag. RocketMQ: PullSysFlag. */
const COMMIT_OFFSET = 1;
const SUSPEND = 2;
const SUBSCRIPTION = 4;

/** A broker looks at held pulls every 5 s, so an answer may come that much after the suspend time. */
const LATE_ANSWER_MS = 10_000;

/** Which messages to pull, as tags. */
export interface PullSubscription {
  /** Tags separated by `||`, or `*`. */
  readonly expression: string;
  /** As in the heartbeat, if there is one; it must not be newer than the broker knows. */
  readonly version: number;
}

/** What to pull. */
export interface PullRequest extends QueueId {
  /** The consumer group on whose behalf. */
  readonly group: string;
  /** The next offset wanted. */
  readonly offset: number;
  /** Brokers give at most 32. */
  readonly maxMessages: number;
  /** How long the broker may hold the request when there is nothing, in milliseconds. 0: not at all. */
  readonly suspendMs: number;
  /** Stored as the group's offset of this queue on the way. Leave it out when you ask a replica. */
  readonly commitOffset?: number | undefined;
  /** Makes the broker filter by it; no heartbeat is needed then. Absent: what the group's heartbeat says. */
  readonly subscription?: PullSubscription | undefined;
}

/**
 * What a pull brought:
 *
 * - `found`: messages. None, when all that came were strangers with the same tag hash.
 * - `none`: nothing new, also after the suspend time.
 * - `retry`: pull again at once, at `nextOffset`.
 * - `offset_moved`: the offset is outside the queue; go on at `nextOffset`, even if it is lower.
 */
export type PullStatus = "found" | "none" | "retry" | "offset_moved";

/** The answer to a pull. */
export interface PullResult {
  /** What the pull brought. */
  readonly status: PullStatus;
  /** In the order of the queue. */
  readonly messages: readonly StoredMessage[];
  /** Where to pull next. */
  readonly nextOffset: number;
  /** First offset of the queue. */
  readonly minOffset: number;
  /** One past the last offset of the queue. */
  readonly maxOffset: number;
  /** Id of the broker to read from next, see `readAddress()`: 0, the master, unless it is behind in its work. */
  readonly suggestedBrokerId: number;
}

const STATUSES: ReadonlyMap<number, PullStatus> = new Map([
  [ResponseCode.SUCCESS, "found"],
  [ResponseCode.PULL_NOT_FOUND, "none"],
  [ResponseCode.PULL_RETRY_IMMEDIATELY, "retry"],
  [ResponseCode.PULL_OFFSET_MOVED, "offset_moved"],
]);

/**
 * Reads messages of one queue from an offset on.
 *
 * @param address a broker that has the queue, `host:port`
 * @param options `timeoutMs` defaults to 10 s more than `suspendMs`
 * @throws RocketMqError kind `refused`, e.g. code 24 or 25 when the broker needs a heartbeat first, 26 when it does not
 * know the group; `not_sent` or `unknown` when it did not answer, or what cannot be read
 * @throws RangeError when an offset is not an integer from 0 to 2^53 - 1
 */
export async function pull(
  client: RocketMqClient,
  address: string,
  request: PullRequest,
  options: RequestOptions = {},
): Promise<PullResult> {
  const timeoutMs = options.timeoutMs ??
    (request.suspendMs > 0 ? request.suspendMs + LATE_ANSWER_MS : undefined);
  const response = await client.request(address, pullRequest(client, request), { ...options, timeoutMs });
  const status = STATUSES.get(response.code);
  if (status === undefined) throw refusal(response, address);
  return {
    status,
    messages: status === "found"
      ? readMessages(client, response, address, request.subscription?.expression)
      : [],
    nextOffset: numberField(response, "nextBeginOffset", address),
    minOffset: numberField(response, "minOffset", address),
    maxOffset: numberField(response, "maxOffset", address),
    suggestedBrokerId: response.fields["suggestWhichBrokerId"] === undefined
      ? MASTER_ID
      : numberField(response, "suggestWhichBrokerId", address),
  };
}

/** RocketMQ: PullMessageRequestHeader. */
function pullRequest(client: RocketMqClient, request: PullRequest): RequestCommand {
  const { group, topic, queueId, brokerName, offset, maxMessages, suspendMs, commitOffset, subscription } =
    request;
  const sysFlag = (commitOffset === undefined ? 0 : COMMIT_OFFSET) | (suspendMs > 0 ? SUSPEND : 0) |
    (subscription === undefined ? 0 : SUBSCRIPTION);
  const fields = {
    consumerGroup: client.onWire(group),
    topic: client.onWire(topic),
    queueId: String(queueId),
    queueOffset: offsetField(offset),
    maxMsgNums: String(maxMessages),
    sysFlag: String(sysFlag),
    commitOffset: offsetField(commitOffset ?? 0),
    suspendTimeoutMillis: String(suspendMs),
    subVersion: String(subscription?.version ?? 0),
    bname: brokerName,
    ...(subscription === undefined ? {} : { subscription: subscription.expression, expressionType: "TAG" }),
  };
  return { code: RequestCode.PULL_MESSAGE, fields };
}

/** RocketMQ: PullMessageResponseHeader. */
function readMessages(
  { namespace }: RocketMqClient,
  response: Command,
  address: string,
  expression: string | undefined,
): StoredMessage[] {
  const delta = response.fields["offsetDelta"];
  const offsetDelta = delta === undefined ? 0 : numberField(response, "offsetDelta", address);
  try {
    const messages = decodeMessages(response.body, { offsetDelta, namespace });
    return expression === undefined ? messages : filterByTags(messages, expression);
  } catch (cause) {
    throw new RocketMqError("unknown", `Cannot read the answer of ${address}: ${textOf(cause)}`, {
      address,
      cause,
    });
  }
}
