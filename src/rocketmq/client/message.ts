import { Reader } from "../../bytes/reader.ts";
import { type BinaryHost, hostText, readHost } from "./host.ts";
import { checkBody, MAX_BODY_BYTES, plainBody } from "./message_body.ts";
import { offsetMessageId } from "./message_id.ts";
import { withoutNamespace } from "./namespace.ts";
import { decodeProperties } from "./properties.ts";
import { PropertyName } from "./property_names.ts";

/** First version: the topic's length takes one byte. RocketMQ: MessageVersion. */
const MAGIC_V1 = 0xdaa320a7;
/** Second version: the topic's length takes two bytes. */
const MAGIC_V2 = 0xdaa320ab;
/** Bit of sysFlag: the producer's address is IPv6. RocketMQ: MessageSysFlag. */
const BORN_HOST_IPV6 = 16;
/** Bit of sysFlag: the broker's address is IPv6. */
const STORE_HOST_IPV6 = 32;
/** The producer's address and port, which nobody here asks for. */
const IPV4_HOST_BYTES = 8;
const IPV6_HOST_BYTES = 20;
/** Smallest record: everything fixed, nothing else. */
const MIN_RECORD_BYTES = 91;

interface StoredRecord {
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly bornAtMs: number;
  readonly storedAtMs: number;
  readonly storeHost: BinaryHost;
  readonly sysFlag: number;
  readonly flag: number;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly checksum: number;
  readonly stored: Uint8Array;
  readonly properties: string;
}

/** How stored messages are decoded. */
export interface DecodeOptions {
  /** Largest body that a compressed one may grow to, in bytes. Default: 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Added to every queue offset; a pull answer's `offsetDelta`. Default: 0. */
  readonly offsetDelta?: number | undefined;
  /** The namespace that topics are told without. Default: none. */
  readonly namespace?: string | undefined;
}

/** A message as a broker keeps it. RocketMQ: MessageExt. */
export class StoredMessage {
  /** The topic it is stored in. */
  readonly topic: string;
  /** The queue it is stored in. */
  readonly queueId: number;
  /** Its number in its queue. */
  readonly queueOffset: number;
  /** Its place in the broker's commit log. */
  readonly commitLogOffset: number;
  /** When the producer made it, by the producer's clock, epoch milliseconds. */
  readonly bornAtMs: number;
  /** When the broker stored it, by the broker's clock, epoch milliseconds. */
  readonly storedAtMs: number;
  /** Bits that broker and clients use. */
  readonly sysFlag: number;
  /** Bits of the user's own. */
  readonly flag: number;
  /** How often it was given back before. */
  readonly reconsumeTimes: number;
  /** What producer and broker said about it. */
  readonly properties: ReadonlyMap<string, string>;
  readonly #storeHost: BinaryHost;
  readonly #checksum: number;
  readonly #maxBodyBytes: number;
  #stored: Uint8Array | undefined;
  #body: Uint8Array | undefined;

  /** Messages come from {@linkcode decodeMessages}. */
  constructor(record: StoredRecord, options: DecodeOptions) {
    this.topic = withoutNamespace(options.namespace, record.topic);
    this.queueId = record.queueId;
    this.queueOffset = record.queueOffset + (options.offsetDelta ?? 0);
    this.commitLogOffset = record.commitLogOffset;
    this.bornAtMs = record.bornAtMs;
    this.storedAtMs = record.storedAtMs;
    this.sysFlag = record.sysFlag;
    this.flag = record.flag;
    this.reconsumeTimes = record.reconsumeTimes;
    this.properties = decodeProperties(record.properties);
    this.#storeHost = record.storeHost;
    this.#checksum = record.checksum;
    this.#maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
    this.#stored = record.stored;
  }

  /** The broker, `host:port`. */
  get storeHost(): string {
    return hostText(this.#storeHost);
  }

  /** Where it lies, as an id; see {@linkcode offsetMessageId}. */
  get offsetMessageId(): string {
    return offsetMessageId(this.#storeHost, this.commitLogOffset);
  }

  /** The id that users see: the producer's own, else the offset message id. */
  get messageId(): string {
    return this.properties.get(PropertyName.UNIQUE_KEY) ?? this.offsetMessageId;
  }

  /**
   * The body, checked and decompressed when first asked for, so that one damaged message does not take its
   * neighbours with it. Shares memory with the answer it came in.
   *
   * @throws TypeError when the checksum differs, or the compression is not supported or broken
   * @throws RangeError when it would decompress to more than `maxBodyBytes`
   */
  get body(): Uint8Array {
    if (this.#body !== undefined) return this.#body;
    const stored = this.#stored ?? new Uint8Array(0);
    checkBody(stored, this.#checksum);
    this.#body = plainBody(stored, this.sysFlag, this.#maxBodyBytes);
    this.#stored = undefined;
    return this.#body;
  }
}

/**
 * Decodes stored messages that follow each other without padding: the body of answers to PULL_MESSAGE, QUERY_MESSAGE
 * and VIEW_MESSAGE_BY_ID. RocketMQ: MessageDecoder.
 *
 * ```text
 * i32 size | u32 magic | i32 body CRC | i32 queue | i32 flag | i64 queue offset | i64 commit log offset | i32 sysFlag
 * i64 born ms | host | i64 stored ms | host | i32 reconsume times | i64 prepared transaction offset
 * i32 length + body | u8 or u16 length + topic | u16 length + properties
 * ```
 *
 * @throws RangeError when a length points beyond the bytes
 * @throws TypeError when a record is of an unknown version
 */
export function decodeMessages(bytes: Uint8Array, options: DecodeOptions = {}): StoredMessage[] {
  const reader = new Reader(bytes);
  const messages: StoredMessage[] = [];
  while (reader.remaining > 0) {
    const size = reader.i32();
    if (size < MIN_RECORD_BYTES) throw new RangeError(`Cannot decode a message of ${size} bytes`);
    messages.push(new StoredMessage(readRecord(new Reader(reader.bytes(size - 4))), options));
  }
  return messages;
}

function readRecord(reader: Reader): StoredRecord {
  const magic = reader.u32();
  if (magic !== MAGIC_V1 && magic !== MAGIC_V2) {
    throw new TypeError(`Cannot decode a message of unknown version ${magic.toString(16)}`);
  }
  const checksum = reader.i32();
  const queueId = reader.i32();
  const flag = reader.i32();
  const queueOffset = reader.i64();
  const commitLogOffset = reader.i64();
  const sysFlag = reader.i32();
  const bornAtMs = reader.i64();
  reader.bytes((sysFlag & BORN_HOST_IPV6) === 0 ? IPV4_HOST_BYTES : IPV6_HOST_BYTES);
  return {
    checksum,
    queueId,
    flag,
    queueOffset,
    commitLogOffset,
    sysFlag,
    bornAtMs,
    // Members are evaluated in the order of the record.
    storedAtMs: reader.i64(),
    storeHost: readHost(reader, (sysFlag & STORE_HOST_IPV6) !== 0),
    reconsumeTimes: reader.i32(),
    preparedTransactionOffset: reader.i64(),
    stored: reader.bytes(reader.i32()),
    topic: reader.utf8(magic === MAGIC_V1 ? reader.u8() : reader.u16()),
    properties: reader.utf8(reader.u16()),
  };
}
