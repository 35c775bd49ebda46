import { unzipSync } from "node:zlib";
import {
  Encoding,
  Message as ProtoMessageClass,
  MessageType,
  type ProtoMessage,
  SystemProperties,
} from "../../deps/rocketmq_proto.ts";
import type { DirectMessage, Message, PlainRequest } from "../transport.ts";
import type { Outgoing } from "./client/sender.ts";
import { millisOf, resource, textMap, timestamp } from "./client/protocol.ts";
import { MAX_HEADER_LENGTH, MAX_HEADERS, MAX_UNPACKED_BYTES, MOST_BODY_BYTES } from "./defaults.ts";
import { notSent } from "./errors.ts";
import { PROPERTY, RESERVED } from "./names.ts";

// Control characters: what RocketMQ separates properties with, and the others that proxies refuse.
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** What the message groups of messages begin with that have none of their own. */
const OWN_GROUP = "~";
/** Proxies refuse message groups of 64 bytes and more. */
const MAX_GROUP = 63;

/** Where a message goes. */
export interface Target {
  readonly topic: string;
  readonly namespace: string | undefined;
  /** What it is known by, whoever stores it. */
  readonly messageId: string;
  /** When it is sent, by this machine's clock; epoch milliseconds. */
  readonly sentAtMs: number;
  /** Whether the topic takes messages with a message group, and those without. */
  readonly fifo: boolean;
  readonly normal: boolean;
  /** What the transport itself says of it. */
  readonly own: readonly (readonly [name: string, value: string])[];
}

/**
 * A message as the proxy takes it.
 *
 * @throws {RpcError} `invalid_argument` / `not_sent` where no proxy would
 */
export function toProto(message: Omit<Message, "topic">, target: Target): Outgoing {
  const { tag, body, keys } = message;
  if (body.length === 0) throw refused("a message without a body");
  if (body.length > MOST_BODY_BYTES) {
    throw refused(`a body of ${body.length} bytes: at most ${MOST_BODY_BYTES} travel`);
  }
  const system = new SystemProperties().setMessageId(target.messageId).setBodyEncoding(Encoding.IDENTITY);
  // Proxies take what is not said for 1970.
  system.setBornTimestamp(timestamp(target.sentAtMs));
  const proto = new ProtoMessageClass()
    .setTopic(resource(target.topic, target.namespace))
    .setSystemProperties(system)
    // A copy: what was given is the sender's again once this returns.
    .setBody(body.slice());
  const properties = textMap(proto.getUserPropertiesMap());
  let length = 0;
  const put = (name: string, value: string): void => {
    if (name === "" || value === "" || CONTROL.test(name) || CONTROL.test(value)) {
      throw refused(
        `the header ${JSON.stringify(name)}: name and value need letters, without control characters`,
      );
    }
    length += name.length + value.length;
    properties.set(name, value);
  };
  let count = 0;
  for (const [name, value] of message.headers) {
    if (RESERVED.has(name)) continue;
    put(name, value);
    count++;
  }
  for (const [name, value] of target.own) put(name, value);
  if (message.plain !== undefined) putPlain(message.plain, put);
  const alone = setGroup(system, message.messageGroup, target, put);
  if (tag !== "") system.setTag(checked("tag", tag));
  if (keys.length > 0) system.setKeysList(keys.map((key) => checked("key", key)));
  for (const key of keys) length += key.length + 1;
  if (count > MAX_HEADERS) throw refused(`${count} headers: at most ${MAX_HEADERS} travel`);
  if (length + tag.length > MAX_HEADER_LENGTH) {
    throw refused(`headers and keys of ${length} characters: at most ${MAX_HEADER_LENGTH} travel`);
  }
  return { message: proto, bytes: body.length + length, alone };
}

/** @returns whether it has an order to keep */
function setGroup(
  system: InstanceType<typeof SystemProperties>,
  group: string | undefined,
  { messageId, fifo, normal }: Target,
  put: (name: string, value: string) => void,
): boolean {
  if (fifo && group !== undefined && group.length <= MAX_GROUP) {
    system.setMessageType(MessageType.FIFO).setMessageGroup(checked("message group", group));
    return true;
  }
  if (group !== undefined) put(PROPERTY.group, group);
  if (normal) {
    system.setMessageType(MessageType.NORMAL);
    return false;
  }
  // Such topics take nothing without a group.
  system.setMessageType(MessageType.FIFO).setMessageGroup(OWN_GROUP + messageId);
  return true;
}

function putPlain(
  { correlationId, ttlMs, replyTo }: PlainRequest,
  put: (name: string, value: string) => void,
): void {
  put(PROPERTY.correlationId, correlationId);
  put(PROPERTY.ttl, String(Math.ceil(ttlMs)));
  if (replyTo !== undefined) put(PROPERTY.replyTo, replyTo);
}

/** A message that was received, with what settles it. */
export interface ReceivedProto {
  readonly message: Message;
  readonly messageId: string;
  readonly handle: string;
  /** The queue that its sender chose; where none did, the one that it is in. */
  readonly queue: number;
  readonly offset: number;
  readonly storedAtMs: number;
  /** How often it was delivered before. */
  readonly starts: number;
  /** Whether others of its message group wait for it. */
  readonly ordered: boolean;
}

/** What was received, without RocketMQ's own words and the transport's. */
export function fromProto(proto: ProtoMessage, topic: string): ReceivedProto {
  const system = proto.getSystemProperties() ?? new SystemProperties();
  const headers = headersOf(proto);
  const messageId = system.getMessageId();
  const nativeGroup = system.getMessageGroup() ?? "";
  const own = nativeGroup === "" || nativeGroup === OWN_GROUP + messageId;
  const born = millisOf(system.getBornTimestamp());
  const starts = Math.max(0, (system.getDeliveryAttempt() ?? 1) - 1);
  const message: Message = {
    topic,
    tag: system.getTag() ?? "",
    keys: system.getKeysList().filter((key) => key !== ""),
    plain: takePlain(headers),
    messageGroup: take(headers, PROPERTY.group) ?? (own ? undefined : nativeGroup),
    ...readBody(proto, system.getBodyEncoding()),
    headers,
  };
  return {
    message,
    messageId,
    handle: system.getReceiptHandle() ?? "",
    queue: Number(take(headers, PROPERTY.queue) ?? system.getQueueId()),
    offset: system.getQueueOffset() ?? 0,
    // What is delivered again was stored again for that. When it was sent, its sender may have noted once and for all.
    storedAtMs: starts > 0 && born > 0 ? born : millisOf(system.getStoreTimestamp()),
    starts,
    ordered: !own,
  };
}

/** What the listener of an instance's addresses gets. */
export function directMessage({ headers, body, plain }: Message): DirectMessage {
  return { headers, body, plain };
}

function headersOf(proto: ProtoMessage): Map<string, string> {
  const headers = new Map<string, string>();
  textMap(proto.getUserPropertiesMap()).forEach((value, name) => headers.set(name, value));
  return headers;
}

function takePlain(headers: Map<string, string>): PlainRequest | undefined {
  const correlationId = take(headers, PROPERTY.correlationId);
  const ttlMs = Number(take(headers, PROPERTY.ttl) ?? 0);
  const replyTo = take(headers, PROPERTY.replyTo);
  return correlationId === undefined ? undefined : { correlationId, ttlMs, replyTo };
}

function take(headers: Map<string, string>, name: string): string | undefined {
  const value = headers.get(name);
  if (value !== undefined) headers.delete(name);
  return value;
}

/** One message that nobody can read must not hold up the others. */
function readBody(proto: ProtoMessage, encoding: number): Pick<Message, "body" | "damaged"> {
  const body = proto.getBody_asU8();
  if (encoding !== Encoding.GZIP) return { body, damaged: undefined };
  try {
    // Proxies say so of whatever is compressed: by gzip here, by zlib where it came past them.
    const read = unzipSync(body, { maxOutputLength: MAX_UNPACKED_BYTES });
    return { body: new Uint8Array(read.buffer, read.byteOffset, read.length), damaged: undefined };
  } catch (error) {
    return { body: new Uint8Array(1), damaged: error instanceof Error ? error.message : String(error) };
  }
}

function checked(what: string, text: string): string {
  if (text !== "" && !CONTROL.test(text)) return text;
  throw refused(`the ${what} ${JSON.stringify(text)}`);
}

function refused(what: string): ReturnType<typeof notSent> {
  return notSent("invalid_argument", `Cannot send ${what}`);
}
