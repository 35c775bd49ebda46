import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command, Fields, RequestCommand } from "../remote/command.ts";
import { numberField, refusal, refusesAccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { compressBody, type Compression } from "./message_body.ts";
import { encodeProperties } from "./properties.ts";
import { PropertyName } from "./property_names.ts";
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
  const request = sendRequest(RequestCode.SEND_MESSAGE_V2, compressed(message), client);
  const response = await client.request(address, request, options);
  return sendResult(response, address);
}

/**
 * Reads the answer to a send, which for several messages tells of the first.
 *
 * @throws RocketMqError kind `refused` when nothing was stored
 */
export function sendResult(response: Command, address: string): SendResult {
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
  const request = sendRequest(RequestCode.SEND_REPLY_MESSAGE_V2, message, client);
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

function sendRequest(code: number, message: OutgoingMessage, client: RocketMqClient): RequestCommand {
  const { body } = message;
  checkNotEmpty(body);
  return { code, fields: sendFields(client, message, encodeProperties(propertiesOf(client, message))), body };
}

/**
 * Makes sure that a message has a body.
 *
 * @throws RangeError when it is empty
 */
export function checkNotEmpty(body: Uint8Array): void {
  if (body.length === 0) throw new RangeError("Cannot send an empty body: brokers need at least one byte");
}

/**
 * The header of a send. RocketMQ: SendMessageRequestHeaderV2, whose names are one letter long.
 *
 * @param properties as they travel
 * @param batch whether the body holds several messages
 */
export function sendFields(
  client: RocketMqClient,
  message: Omit<OutgoingMessage, "properties" | "body">,
  properties: string,
  batch = false,
): Fields {
  const fields: Record<string, string> = {
    a: client.onWire(message.producerGroup),
    b: client.onWire(message.topic),
    // Required on the wire; a topic that does not exist cannot be its own template.
    c: client.onWire(message.templateTopic ?? message.topic),
    d: "4",
    e: String(message.queueId),
    f: String(message.sysFlag ?? 0),
    g: String(Math.floor(message.bornAtMs ?? client.clock.now())),
    h: String(message.flag ?? 0),
  };
  // Servers read an empty text as none.
  if (properties !== "") fields["i"] = properties;
  fields["j"] = "0";
  fields["k"] = "false";
  fields["m"] = String(batch);
  fields["n"] = message.brokerName;
  return fields;
}

/** The properties of a message: one of a namespace says so. */
export function propertiesOf(
  { namespace }: RocketMqClient,
  { properties }: Pick<OutgoingMessage, "properties">,
): Iterable<readonly [string, string]> {
  return namespace === undefined ? properties : [...properties, [PropertyName.NAMESPACE, namespace]];
}
