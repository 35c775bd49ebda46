import { crc32 } from "node:zlib";
import { Writer } from "../../../../src/bytes/writer.ts";

/** What a {@linkcode storedRecord} says; everything else is fixed. */
export interface RecordParts {
  readonly topic?: string;
  readonly body?: Uint8Array;
  readonly properties?: string;
  readonly sysFlag?: number;
  readonly queueOffset?: number;
  readonly version?: 1 | 2;
  readonly checksum?: number;
  readonly storedAtMs?: number;
}

/** Writes a message the way a broker stores it (RocketMQ: MessageExtEncoder): queue 3, 127.0.0.1:10911, offset 0x1234. */
export function storedRecord(parts: RecordParts = {}): Uint8Array {
  const { topic = "T", properties = "", sysFlag = 0, queueOffset = 5, version = 1 } = parts;
  const body = parts.body ?? new TextEncoder().encode("hello");
  const writer = new Writer();
  writer.u32(0);
  writer.u32(version === 1 ? 0xdaa320a7 : 0xdaa320ab);
  writer.u32(parts.checksum ?? (crc32(body) & 0x7fffffff));
  writer.u32(3);
  writer.u32(77);
  writer.i64(queueOffset);
  writer.i64(0x1234);
  writer.u32(sysFlag);
  writer.i64(1_700_000_000_001);
  writeHost(writer, (sysFlag & 16) !== 0, 4_321);
  writer.i64(parts.storedAtMs ?? 1_700_000_000_002);
  writeHost(writer, (sysFlag & 32) !== 0, 10_911);
  writer.u32(2);
  writer.i64(0);
  writer.u32(body.length);
  writer.raw(body);
  const name = new TextEncoder().encode(topic);
  if (version === 1) writer.u8(name.length);
  else writer.u16(name.length);
  writer.raw(name);
  const encoded = new TextEncoder().encode(properties);
  writer.u16(encoded.length);
  writer.raw(encoded);
  writer.patchU32(0, writer.length);
  return writer.bytes();
}

function writeHost(writer: Writer, ipv6: boolean, port: number): void {
  writer.raw(ipv6 ? Uint8Array.of(0x20, 1, ...Array(13).fill(0), 1) : Uint8Array.of(127, 0, 0, 1));
  writer.u32(port);
}
