import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command, RequestCommand } from "../remote/command.ts";
import { numberField, refusal, refusesAccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { compressBody, type Compression } from "./message_body.ts";
import { encodeProperties } from "./properties.ts";
import type { RequestOptions } from "./request_options.ts";

/** Template that a broker makes unknown topics from, where it may. RocketMQ: TopicValidator. */
export const TEMPLATE_TOPIC = "TBW102";

/** A message to send. */
export interface OutgoingMessage {
  /** Name of the broker that it is sent to. */
  readonly brokerName: string;
  /** The topic it is stored in. */
  readonly topic: string;
  /** A negative number lets the broker choose. */
  readonly queueId: number;
  /** Names and values; those with an empty name or value get lost on the way. */
  readonly properties: Iterable<readonly [name: string, value: string]>;
  /** At least one byte: brokers fail on an empty body. */
  readonly body: Uint8Array;
  /** Group of the producer. */
  readonly producerGroup: string;
  /** The user's own bits. Default: 0. */
  readonly flag?: number | undefined;
  /** What the client did to the body. Default: 0. */
  readonly sysFlag?: number | undefined;
  /**
   * Compress the body, where that makes it smaller; only for {@linkcode sendMessage}: brokers store replies without the
   * mark that they are compressed. Worth its time from about 4 KiB on. Default: not at all.
   */
  readonly compression?: Compression | undefined;
  /** When it was made, epoch milliseconds. Default: now. */
  readonly bornAtMs?: number | undefined;
  /**
   * The topic whose settings a broker may copy when it does not know this one: {@linkcode TEMPLATE_TOPIC} lets it
   * make topics. Default: none, so that a send to an unknown topic is refused.
   */
  readonly templateTopic?: string | undefined;
}

/** What is known about a stored message's safety: all but `ok` mean that it is stored, but not confirmed so far. */
export type SendStatus = "ok" | "flush_disk_timeout" | "slave_not_available" | "flush_slave_timeout";

/** Where a message was stored. */
export interface SendResult {
  /** Whether it is safe already. */
  readonly status: SendStatus;
  /** Offset message id. */
  readonly messageId: string;
  /** The queue, also when the broker chose it. */
  readonly queueId: number;
  /** Its number in its queue. */
  readonly queueOffset: number;
}

/** What became of a reply. Where the broker stores replies it is stored in either case. */
export type ReplyResult =
  | { readonly pushed: true; readonly messageId: string | undefined }
  | {
    readonly pushed: false;
    /** The broker's words. */
    readonly reason: string;
    readonly messageId: string | undefined;
  };

const STATUSES: ReadonlyMap<number, SendStatus> = new Map([
  [ResponseCode.SUCCESS, "ok"],
  [ResponseCode.FLUSH_DISK_TIMEOUT, "flush_disk_timeout"],
  [ResponseCode.SLAVE_NOT_AVAILABLE, "slave_not_available"],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, "flush_slave_timeout"],
]);

/**
 * Stores one message.
 *
 * @param address the broker's master, `host:port`
 * @throws RocketMqError kind `refused` when the broker did not store it; `not_sent` or `unknown` when it did not answer
 * @throws RangeError when the body is empty
 * @throws TypeError when a property cannot be encoded
 */
export async function sendMessage(
  client: RocketMqClient,
  address: string,
  message: OutgoingMessage,
  options?: RequestOptions,
): Promise<SendResult> {
  const request = sendRequest(RequestCode.SEND_MESSAGE_V2, compressed(message), client.clock.now());
  const response = await client.request(address, request, options);
  const status = STATUSES.get(response.code);
  if (status === undefined) throw refusal(response, address);
  return {
    status,
    messageId: response.fields["msgId"] ?? "",
    queueId: numberField(response, "queueId", address),
    queueOffset: numberField(response, "queueOffset", address),
  };
}

/**
 * Sends a reply that the broker pushes to the client named by the property `REPLY_TO_CLIENT`. The answer comes once
 * that client acknowledged it, or after up to 10 s when it does not: give it more time than that.
 *
 * @param address a broker that the requester sends heartbeats to, `host:port`
 * @throws RocketMqError kind `refused` for other failures than a push that failed; `not_sent` or `unknown` when the
 * broker did not answer
 * @throws RangeError when the body is empty
 * @throws TypeError when a property cannot be encoded
 */
export async function sendReply(
  client: RocketMqClient,
  address: string,
  message: OutgoingMessage,
  options?: RequestOptions,
): Promise<ReplyResult> {
  const request = sendRequest(RequestCode.SEND_REPLY_MESSAGE_V2, message, client.clock.now());
  return replyResult(await client.request(address, request, options), address);
}

function replyResult(response: Command, address: string): ReplyResult {
  const messageId = response.fields["msgId"] || undefined;
  if (response.code === ResponseCode.SUCCESS) return { pushed: true, messageId };
  if (response.code !== ResponseCode.SYSTEM_ERROR || refusesAccess(response)) {
    throw refusal(response, address);
  }
  return { pushed: false, reason: response.remark ?? "", messageId };
}

function compressed(message: OutgoingMessage): OutgoingMessage {
  if (message.compression === undefined) return message;
  const { body, sysFlag } = compressBody(message.body, message.compression);
  return { ...message, body, sysFlag: (message.sysFlag ?? 0) | sysFlag };
}

/** RocketMQ: SendMessageRequestHeaderV2, whose names are one letter long. */
function sendRequest(code: number, message: OutgoingMessage, nowMs: number): RequestCommand {
  if (message.body.length === 0) {
    throw new RangeError("Cannot send an empty body: brokers need at least one byte");
  }
  const fields = {
    a: message.producerGroup,
    b: message.topic,
    // Required on the wire; a topic that does not exist cannot be its own template.
    c: message.templateTopic ?? message.topic,
    d: "4",
    e: String(message.queueId),
    f: String(message.sysFlag ?? 0),
    g: String(Math.floor(message.bornAtMs ?? nowMs)),
    h: String(message.flag ?? 0),
    i: encodeProperties(message.properties),
    j: "0",
    k: "false",
    m: "false",
    n: message.brokerName,
  };
  return { code, fields, body: message.body };
}
