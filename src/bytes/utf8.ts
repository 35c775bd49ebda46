import { Buffer } from "node:buffer";

/** Longer texts get memory of their own, so that one of them does not keep others' alive. */
const MAX_SHARED_BYTES = 2 * 1024;
/** Texts encoded one after the other share memory of this size: a piece of memory per text costs more than its text. */
const ARENA_BYTES = 16 * 1024 + MAX_SHARED_BYTES;
/** Of larger memory, nothing is kept between two texts. */
const MAX_KEPT_BYTES = 64 * 1024;
/** UTF-8 takes at most three bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;
const REPLACEMENT = "\ufffd";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Texts are encoded at its beginning, and moved to their place from there: a view less than encoding them there. */
let arena = new Uint8Array(ARENA_BYTES);
let used = MAX_SHARED_BYTES;
/** The memory of which a text was decoded last: all bodies of a pack are in one. */
let decoded: Buffer = Buffer.alloc(0);

/**
 * Encodes a text as UTF-8; lone surrogates become U+FFFD. Small results are views of memory that they share, which
 * nobody may write to.
 */
export function encodeUtf8(text: string): Uint8Array {
  const most = text.length * MAX_BYTES_PER_UNIT;
  if (most > MAX_SHARED_BYTES) return encoder.encode(text);
  if (used + most > ARENA_BYTES) {
    arena = new Uint8Array(ARENA_BYTES);
    used = MAX_SHARED_BYTES;
  }
  const { written } = encoder.encodeInto(text, arena);
  const start = used;
  used += written;
  arena.copyWithin(start, 0, written);
  return arena.subarray(start, used);
}

/**
 * Decodes UTF-8, a byte order mark included. `Buffer` takes a fifth of the time of a `TextDecoder` on small texts,
 * but does not say what was wrong: only where it may have replaced something is the decoder asked.
 *
 * @throws {TypeError} when the bytes are no UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = decoded.buffer === buffer ? decoded : Buffer.from(buffer);
  if (buffer.byteLength <= MAX_KEPT_BYTES) decoded = whole;
  const text = whole.toString("utf8", byteOffset, byteOffset + byteLength);
  return text.includes(REPLACEMENT) ? decoder.decode(bytes) : text;
}
