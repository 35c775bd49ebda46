import { COMPRESSED_FLAG, plainBody } from "./message_body.ts";

/** Bits of sysFlag: how the body is compressed; older clients set none of them. RocketMQ: MessageSysFlag. */
const COMPRESSION_MASK = 0x700;

/**
 * Returns the body of a pushed reply as its sender gave it. The Go client marks replies above 4 KiB as compressed, in the
 * way of older clients, and sends them as they are: what is marked so and is no ZLIB stream is returned as it came.
 *
 * @throws as {@linkcode plainBody} does
 */
export function pushedBody(pushed: Uint8Array, sysFlag: number, maxBytes?: number): Uint8Array {
  const untyped = (sysFlag & COMPRESSED_FLAG) !== 0 && (sysFlag & COMPRESSION_MASK) === 0;
  return untyped && !isZlib(pushed) ? pushed : plainBody(pushed, sysFlag, maxBytes);
}

/** Whether it begins as a ZLIB stream does: RFC 1950, section 2.2. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0xf) === 8 && (method * 256 + flags) % 31 === 0;
}
