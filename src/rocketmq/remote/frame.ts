import { Reader } from "../../bytes/reader.ts";
import { Writer } from "../../bytes/writer.ts";
import { fitsBinaryHeader, readBinaryHeader, writeBinaryHeader } from "./binary_header.ts";
import type { Command } from "./command.ts";
import { readJsonHeader, writeJsonHeader } from "./json_header.ts";
import type { Header, OutgoingCommand } from "./outgoing.ts";

/** Bytes of a whole frame that servers accept at most. RocketMQ: NettySystemConfig.frameMaxLength. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Serialize type 0: the header is JSON. */
const JSON_TYPE = 0;
/** Serialize type 1: the header is binary. */
const BINARY_TYPE = 1;

/**
 * How the headers of outgoing frames are written. `binary` costs brokers less; a code that does not fit it goes in JSON
 * all the same. Frames say which it is, and servers take either. RocketMQ: SerializeType.
 */
export type Serialization = "binary" | "json";

const LENGTH_BYTES = 4;
const PREFIX_BYTES = 8;
const MAX_HEADER_BYTES = 0xff_ffff;
const NO_BYTES = new Uint8Array(0);

/**
 * Appends a frame:
 *
 * ```text
 * u32 bytes that follow | u8 serialize type | u24 header length | header | body
 * ```
 *
 * When it throws, the writer is as before.
 *
 * @throws RangeError when the frame is larger than {@linkcode MAX_FRAME_BYTES}
 */
export function writeFrame(
  writer: Writer,
  command: OutgoingCommand,
  serialization: Serialization = "binary",
): void {
  const start = writer.length;
  try {
    const binary = serialization === "binary" && fitsBinaryHeader(command.code);
    writer.u32(0);
    writer.u32(0);
    if (binary) writeBinaryHeader(writer, command);
    else writeJsonHeader(writer, command);
    const headerBytes = writer.length - start - PREFIX_BYTES;
    const frameBytes = PREFIX_BYTES + headerBytes + (command.body?.length ?? 0);
    if (frameBytes > MAX_FRAME_BYTES || headerBytes > MAX_HEADER_BYTES) {
      throw new RangeError(
        `Cannot send a frame of ${frameBytes} bytes: servers take up to ${MAX_FRAME_BYTES}`,
      );
    }
    writer.patchU32(start, frameBytes - LENGTH_BYTES);
    writer.patchU32(start + LENGTH_BYTES, (binary ? BINARY_TYPE : JSON_TYPE) << 24 | headerBytes);
    if (command.body !== undefined) writer.raw(command.body);
  } catch (error) {
    writer.truncate(start);
    throw error;
  }
}

/**
 * Encodes a single frame; see {@linkcode writeFrame}.
 *
 * @throws RangeError when the frame is larger than {@linkcode MAX_FRAME_BYTES}
 */
export function encodeFrame(command: OutgoingCommand, serialization?: Serialization): Uint8Array {
  const writer = new Writer(256 + (command.body?.length ?? 0));
  writeFrame(writer, command, serialization);
  return writer.bytes();
}

/** The rest of a frame as its body, in memory of its own: for a chunk that is reused. */
function copied(bytes: Uint8Array, start: number): Uint8Array {
  return start === bytes.length ? NO_BYTES : bytes.slice(start);
}

/** The rest of a frame as its body, as a view: for memory that belongs to the frame. */
function shared(bytes: Uint8Array, start: number): Uint8Array {
  return start === bytes.length ? NO_BYTES : bytes.subarray(start);
}

function decodeFrame(bytes: Uint8Array, bodyFrom: typeof copied): Command {
  const prefix = new Reader(bytes).u32();
  const headerBytes = prefix & MAX_HEADER_BYTES;
  const end = LENGTH_BYTES + headerBytes;
  if (end > bytes.length) {
    throw new RangeError(
      `Cannot decode a frame: its header of ${headerBytes} bytes exceeds its ${bytes.length} bytes`,
    );
  }
  const header = readHeader(prefix >>> 24, new Reader(bytes.subarray(LENGTH_BYTES, end)));
  return {
    code: header.code,
    flag: header.flag,
    opaque: header.opaque,
    language: header.language,
    version: header.version,
    remark: header.remark,
    fields: header.fields,
    body: bodyFrom(bytes, end),
  };
}

function readHeader(type: number, reader: Reader): Header {
  if (type === JSON_TYPE) return readJsonHeader(reader);
  if (type === BINARY_TYPE) return readBinaryHeader(reader);
  throw new TypeError(`Cannot decode a frame: unknown serialize type ${type}`);
}

/**
 * Cuts a stream of bytes into frames and decodes them, however the stream was chunked. A frame's length is checked
 * before memory is set aside for it. No byte is copied more than once, and bodies share no memory with the chunks.
 */
export class FrameReader {
  readonly #onFrame: (command: Command) => void;
  readonly #maxFrameBytes: number;
  /** The length field of a frame, as far as it came. */
  readonly #length = new Uint8Array(LENGTH_BYTES);
  #lengthFilled = 0;
  /** What follows the length field, when the frame began in an earlier chunk. */
  #partial: Uint8Array | undefined;
  #partialFilled = 0;

  /**
   * @param onFrame gets each frame, in order; must not throw
   * @param maxFrameBytes largest frame to accept, length field included
   */
  constructor(onFrame: (command: Command) => void, maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#onFrame = onFrame;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether a frame has begun and not ended. */
  get incomplete(): boolean {
    return this.#partial !== undefined || this.#lengthFilled > 0;
  }

  /**
   * Takes the next bytes of the stream. The chunk may be reused afterwards.
   *
   * @throws Error when the stream is not frames, or one is too large; the reader cannot be used any more
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#partial === undefined ? this.#begin(chunk, at) : this.#continue(this.#partial, chunk, at);
    }
  }

  #begin(chunk: Uint8Array, at: number): number {
    while (this.#lengthFilled < LENGTH_BYTES && at < chunk.length) {
      this.#length[this.#lengthFilled++] = chunk[at++] ?? 0;
    }
    if (this.#lengthFilled < LENGTH_BYTES) return at;
    const size = this.#checkedSize();
    this.#lengthFilled = 0;
    if (size <= chunk.length - at) {
      this.#onFrame(decodeFrame(chunk.subarray(at, at + size), copied));
      return at + size;
    }
    this.#partial = new Uint8Array(size);
    this.#partialFilled = 0;
    return at;
  }

  #continue(partial: Uint8Array, chunk: Uint8Array, at: number): number {
    const count = Math.min(partial.length - this.#partialFilled, chunk.length - at);
    partial.set(chunk.subarray(at, at + count), this.#partialFilled);
    this.#partialFilled += count;
    if (this.#partialFilled === partial.length) {
      this.#partial = undefined;
      this.#onFrame(decodeFrame(partial, shared));
    }
    return at + count;
  }

  #checkedSize(): number {
    const size = new Reader(this.#length).u32();
    if (size < LENGTH_BYTES || size > this.#maxFrameBytes - LENGTH_BYTES) {
      throw new RangeError(
        `Cannot accept a frame of ${size + LENGTH_BYTES} bytes: it must have 8 to ${this.#maxFrameBytes}`,
      );
    }
    return size;
  }
}
