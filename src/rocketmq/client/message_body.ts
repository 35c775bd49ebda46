import { crc32, deflateSync, inflateSync } from "node:zlib";
import { textOf } from "../remote/text_of.ts";
import { decompressLz4 } from "./lz4_frame.ts";
import { compressZstd, decompressZstd } from "./zstd.ts";

/** Largest body that compressed bytes may grow to, by default: what brokers accept as a message. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Bit of sysFlag: the body is compressed. RocketMQ: MessageSysFlag. */
export const COMPRESSED_FLAG = 1;
const COMPRESSION_MASK = 0x700;
const LZ4 = 0x100;
const ZSTD = 0x200;
const ZLIB = 0x300;
/** RocketMQ's own default. */
const ZLIB_LEVEL = 5;
const CRC_MASK = 0x7fff_ffff;

/**
 * How a body is compressed. Every client reads `zlib`; Go's and those before 4.9.4 nothing else. RocketMQ:
 * CompressionType.
 */
export type Compression = "zlib" | "zstd";

/** By the bits of sysFlag. Older clients set none of them. */
const DECOMPRESS: ReadonlyMap<number, (stored: Uint8Array, maxBytes: number) => Uint8Array> = new Map([
  [0, inflate],
  [ZLIB, inflate],
  [ZSTD, decompressZstd],
  [LZ4, decompressLz4],
]);

function inflate(stored: Uint8Array, maxBytes: number): Uint8Array {
  return inflateSync(stored, { maxOutputLength: maxBytes });
}

/**
 * Returns the body as its producer gave it: decompressed where sysFlag says so. RocketMQ: MessageSysFlag,
 * CompressionType.
 *
 * @throws TypeError when the compression is not known, or the bytes are not what it says
 * @throws RangeError when it would grow beyond `maxBytes`
 */
export function plainBody(
  stored: Uint8Array,
  sysFlag: number,
  maxBytes: number = MAX_BODY_BYTES,
): Uint8Array {
  if ((sysFlag & COMPRESSED_FLAG) === 0) return stored;
  const type = sysFlag & COMPRESSION_MASK;
  const decompress = DECOMPRESS.get(type);
  if (decompress === undefined) {
    throw new TypeError(
      `Cannot decompress the body: type ${type >> 8} is not supported; let the producer use ZLIB`,
    );
  }
  try {
    const plain = decompress(stored, maxBytes);
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch (cause) {
    const reason = textOf(cause);
    if (cause instanceof RangeError) throw new RangeError(`Cannot decompress the body: ${reason}`, { cause });
    throw new TypeError(`Cannot decompress the body: ${reason}`, { cause });
  }
}

/** A body as it is sent, and the bits of sysFlag that say so. */
export interface PackedBody {
  readonly body: Uint8Array;
  readonly sysFlag: number;
}

/** Compresses a body, unless that would make it no smaller. */
export function compressBody(body: Uint8Array, compression: Compression): PackedBody {
  const packed = compression === "zstd" ? compressZstd(body) : deflateSync(body, { level: ZLIB_LEVEL });
  if (packed.length >= body.length) return { body, sysFlag: 0 };
  return { body: packed, sysFlag: COMPRESSED_FLAG | (compression === "zstd" ? ZSTD : ZLIB) };
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
