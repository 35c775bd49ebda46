import { Buffer } from "node:buffer";

const BITS_PER_DIGIT = 4;

/** The shortest two's complement, most significant byte first: what Java's `BigInteger` reads and writes. */
export function toTwosComplement(value: bigint): Uint8Array {
  // Of -128 and 127 the sign needs no byte of its own: -v - 1 has as many bits as v needs beside its sign.
  const magnitude = value < 0n ? -value - 1n : value;
  const bits = magnitude === 0n ? 0 : bitLength(magnitude);
  const bytes = new Uint8Array(Math.floor(bits / 8) + 1);
  const digits = BigInt.asUintN(bytes.length * 8, value).toString(16).padStart(bytes.length * 2, "0");
  Buffer.from(bytes.buffer).write(digits, "hex");
  return bytes;
}

/** Reads what {@linkcode toTwosComplement} wrote; at least one byte. */
export function fromTwosComplement(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

function bitLength(positive: bigint): number {
  const digits = positive.toString(16);
  return (digits.length - 1) * BITS_PER_DIGIT + (32 - Math.clz32(parseInt(digits.charAt(0), 16)));
}
