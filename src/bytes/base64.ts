import { Buffer } from "node:buffer";

/** What newer runtimes bring along; Node has it from version 25. */
const isNative = typeof Reflect.get(Uint8Array, "fromBase64") === "function" &&
  typeof Reflect.get(Uint8Array.prototype, "toBase64") === "function";
/** What `fromBase64` of the runtime skips. */
const WHITE_SPACE = /[\t\n\f\r ]+/g;

/** Writes bytes as base64, with padding. */
export const toBase64: (bytes: Uint8Array) => string = isNative
  ? (bytes) => bytes.toBase64()
  : toBase64ByBuffer;

/**
 * Reads base64 with padding.
 *
 * @throws {SyntaxError} when it is none, lacks its padding or has bits left over
 */
export const fromBase64: (text: string) => Uint8Array = isNative
  ? (text) => Uint8Array.fromBase64(text, { lastChunkHandling: "strict" })
  : fromBase64ByBuffer;

/** As {@linkcode toBase64}, where the runtime has none of its own. */
export function toBase64ByBuffer(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** As {@linkcode fromBase64}, where the runtime has none of its own. `Buffer` takes anything, so it is compared. */
export function fromBase64ByBuffer(text: string): Uint8Array {
  const dense = text.replace(WHITE_SPACE, "");
  const read = Buffer.from(dense, "base64");
  if (read.toString("base64") !== dense) throw new SyntaxError("The text is no base64 with padding");
  // Small Buffers share their memory.
  return new Uint8Array(read);
}
