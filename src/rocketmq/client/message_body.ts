import { crc32, inflateSync } from "node:zlib";

import { textOf } from "../remote/text_of.ts";

/** Largest body that compressed bytes may grow to, by default: what brokers accept as a message. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Bit of sysFlag: the body is compressed. RocketMQ: MessageSysFlag. */
export const COMPRESSED_FLAG = 1;
const COMPRESSION_MASK = 0x700;
/** Older clients set no type. */
const ZLIB_TYPES: ReadonlySet<number> = new Set([0, 0x300]);
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([[0x100, "LZ4"], [0x200, "Zstandard"]]);
const CRC_MASK = 0x7fff_ffff;

/**
 * Returns the body as its producer gave it: decompressed where sysFlag says so. RocketMQ: MessageSysFlag,
 * CompressionType.
 *
 * @throws TypeError when the compression is not supported, or the bytes are not what it says
 * @throws RangeError when it would grow beyond `maxBytes`
 */
export function plainBody(
  stored: Uint8Array,
  sysFlag: number,
  maxBytes: number = MAX_BODY_BYTES,
): Uint8Array {
  if ((sysFlag & COMPRESSED_FLAG) === 0) return stored;
  const type = sysFlag & COMPRESSION_MASK;
  if (!ZLIB_TYPES.has(type)) {
    const name = TYPE_NAMES.get(type) ?? `type ${type >> 8}`;
    throw new TypeError(`Cannot decompress the body: ${name} is not supported; let the producer use ZLIB`);
  }
  try {
    const plain = inflateSync(stored, { maxOutputLength: maxBytes });
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (cause) {
    const reason = textOf(cause);
    if (cause instanceof RangeError) throw new RangeError(`Cannot decompress the body: ${reason}`, { cause });
    throw new TypeError(`Cannot decompress the body: ${reason}`, { cause });
  }
}

/**
 * Compares the stored bytes with their checksum.
 *
 * @throws TypeError when they differ: the message was damaged on its way or on disk
 */
export function checkBody(stored: Uint8Array, checksum: number): void {
  const actual = crc32(stored) & CRC_MASK;
  if (actual !== checksum) {
    throw new TypeError(`Cannot read the body: its checksum is ${actual}, not ${checksum} as stored`);
  }
}
