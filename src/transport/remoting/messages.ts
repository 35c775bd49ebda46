import { decodeProperties } from "../../rocketmq/client/properties.ts";
import { PropertyName, REPLY_MESSAGE_TYPE } from "../../rocketmq/client/property_names.ts";
import type { StoredMessage } from "../../rocketmq/client/message.ts";
import type { DirectMessage, Message, PlainRequest } from "../transport.ts";
import { parseReplyAddress, type ReplyAddress, replyAddress } from "./reply_address.ts";

/**
 * Properties that mean something to RocketMQ. Those of a received message are never copied into another one:
 * `DELAY` would delay it again, `TRAN_MSG` would make it a half message (protocol notes, trap 34).
 */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.values(PropertyName),
  "PGROUP",
  "TIMER_DELAY_SEC",
  "TIMER_OUT_MS",
  "TIMER_ENQUEUE_MS",
  "TIMER_DEQUEUE_MS",
  "TIMER_ROLL_TIMES",
  "TIMER_DEL_UNIQKEY",
  "TIMER_DELAY_LEVEL",
  "INSTANCE_ID",
  "CONSUME_START_TIME",
  "POP_CK",
  "1ST_POP_TIME",
  "ARRIVE_TIME",
  "BORN_TIMESTAMP",
  "__BORNHOST",
  "MIN_OFFSET",
  "MAX_OFFSET",
  "RECONSUME_TIME",
  "MAX_RECONSUME_TIMES",
]);

/** What stands between a property's name and its value. RocketMQ: MessageDecoder.NAME_VALUE_SEPARATOR. */
const AFTER_NAME = "\u0001";

/** Java writes a TTL in milliseconds, Go in seconds: below this it is taken for seconds. */
const LEAST_TTL_MS = 1_000;

/** Turns a stored message into one without RocketMQ's own words; its properties are its headers. */
export function toMessage(stored: StoredMessage): Message {
  const { properties } = stored;
  const keys = properties.get(PropertyName.KEYS);
  return {
    topic: stored.topic,
    tag: properties.get(PropertyName.TAGS) ?? "",
    keys: keys === undefined ? [] : keys.split(" ").filter((key) => key !== ""),
    headers: readableHeaders(properties),
    ...readableBody(stored),
    messageGroup: properties.get(PropertyName.SHARDING_KEY),
    plain: plainRequest(properties),
  };
}

/** A value with the separator in it can be received, but no longer be sent: a message must stay one to pass on. */
function readableHeaders(properties: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  for (const value of properties.values()) {
    if (!value.includes(AFTER_NAME)) continue;
    return new Map([...properties].map(([name, text]) => [name, text.replaceAll(AFTER_NAME, "\ufffd")]));
  }
  return properties;
}

/** One message that is damaged, or compressed in a way nobody here reads, must not hold up its queue. */
function readableBody(stored: StoredMessage): Pick<Message, "body" | "damaged"> {
  try {
    return { body: stored.body };
  } catch (error) {
    return { body: new Uint8Array(1), damaged: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The properties of an outgoing message.
 *
 * @throws {TypeError} on a header that no broker would carry
 */
export function toProperties(message: Omit<Message, "topic">): [string, string][] {
  const properties: [string, string][] = [];
  if (message.keys.length > 0) properties.push([PropertyName.KEYS, message.keys.join(" ")]);
  if (message.tag !== "") properties.push([PropertyName.TAGS, message.tag]);
  if (message.messageGroup) properties.push([PropertyName.SHARDING_KEY, message.messageGroup]);
  for (const header of message.headers) {
    // Brokers would leave it out without a word.
    if (header[0] === "" || header[1] === "") {
      throw new TypeError(
        `Cannot send the header ${JSON.stringify(header[0])}: name and value must not be empty`,
      );
    }
    if (!RESERVED.has(header[0])) properties.push(header);
  }
  return properties;
}

/**
 * What a plain responder needs to answer: RocketMQ, MessageConst.
 *
 * @param plain the request; where a stranger sent it, and it is only sent on, the answer goes to the stranger
 * @param sender the client id of this instance
 */
export function requestProperties(plain: PlainRequest, sender: string): [string, string][] {
  const clientId = plain.replyTo === undefined ? sender : parseReplyAddress(plain.replyTo).clientId;
  return [
    [PropertyName.CORRELATION_ID, plain.correlationId],
    [PropertyName.REPLY_TO_CLIENT, clientId],
    [PropertyName.TTL, String(Math.ceil(plain.ttlMs))],
  ];
}

/** What makes a message a reply that the broker pushes to its requester. */
export function replyProperties(
  to: Pick<ReplyAddress, "clientId">,
  plain: PlainRequest | undefined,
): [string, string][] {
  const properties: [string, string][] = [
    [PropertyName.MESSAGE_TYPE, REPLY_MESSAGE_TYPE],
    [PropertyName.REPLY_TO_CLIENT, to.clientId],
  ];
  if (plain !== undefined) {
    properties.push([PropertyName.CORRELATION_ID, plain.correlationId]);
    properties.push([PropertyName.TTL, String(Math.ceil(plain.ttlMs))]);
  }
  return properties;
}

/** The properties of a message to an instance that pulls it: its tag says for whom it is. */
export function pulledProperties(message: Omit<Message, "topic">, tag: string): [string, string][] {
  const properties = toProperties({ ...message, tag });
  const { plain } = message;
  if (plain !== undefined) properties.push([PropertyName.CORRELATION_ID, plain.correlationId]);
  return properties;
}

/** Turns a pushed reply into what the listener gets. */
export function toDirectMessage(properties: string, body: Uint8Array): DirectMessage {
  return directMessage(decodeProperties(properties), body);
}

/** What the listener gets. */
export function directMessage(headers: ReadonlyMap<string, string>, body: Uint8Array): DirectMessage {
  const correlationId = headers.get(PropertyName.CORRELATION_ID);
  const plain = correlationId === undefined ? undefined : { correlationId, ttlMs: 0 };
  return { headers, body, plain };
}

function plainRequest(properties: ReadonlyMap<string, string>): PlainRequest | undefined {
  const correlationId = properties.get(PropertyName.CORRELATION_ID);
  const clientId = properties.get(PropertyName.REPLY_TO_CLIENT);
  if (correlationId === undefined || clientId === undefined) return undefined;
  return {
    correlationId,
    ttlMs: ttlMs(properties.get(PropertyName.TTL)),
    replyTo: replyAddress(clientId),
  };
}

function ttlMs(text: string | undefined): number {
  const ttl = Number(text);
  if (!Number.isFinite(ttl) || ttl <= 0) return 0;
  return ttl < LEAST_TTL_MS ? ttl * 1_000 : ttl;
}
