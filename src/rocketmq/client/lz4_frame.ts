const MAGIC = 0x184d2204;
/** Frames of users' own start with one of sixteen of these; decoders pass over them. */
const SKIPPABLE = 0x184d2a50;
/** Bits of a frame's first byte. */
const VERSION_MASK = 0xc0;
const VERSION_1 = 0x40;
const INDEPENDENT_BLOCKS = 0x20;
const BLOCK_CHECKSUMS = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY = 0x01;
/** Bit of a block's size: its bytes are stored as they are. */
const STORED = 0x8000_0000;
const MIN_MATCH = 4;
const FIRST_CAPACITY = 64 * 1024;

/**
 * Decompresses LZ4 frames, one after the other, as lz4-java's `LZ4FrameOutputStream` and the `lz4` program write them.
 * Checksums inside are passed over: a stored message has one of its own over all of its body.
 *
 * ```text
 * u32 magic | u8 flags | u8 block size | [u64 content size] | u8 checksum | blocks | u32 0 | [u32 checksum]
 * block: u32 size, highest bit: stored | bytes | [u32 checksum]     (all little-endian)
 * ```
 *
 * @throws RangeError when it would grow beyond `maxBytes`, or a length or distance points outside
 * @throws TypeError when it is no frame, or needs a dictionary
 */
export function decompressLz4(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const decoder = new Lz4Decoder(bytes, maxBytes);
  decoder.run();
  return decoder.result;
}

class Lz4Decoder {
  readonly #in: Uint8Array;
  readonly #view: DataView;
  readonly #maxBytes: number;
  #at = 0;
  #out: Uint8Array;
  #length = 0;

  constructor(bytes: Uint8Array, maxBytes: number) {
    this.#in = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxBytes = maxBytes;
    this.#out = new Uint8Array(Math.min(FIRST_CAPACITY, maxBytes));
  }

  get result(): Uint8Array {
    return this.#out.subarray(0, this.#length);
  }

  run(): void {
    if (this.#in.length === 0) throw new TypeError("no LZ4 frame");
    while (this.#at < this.#in.length) {
      const magic = this.#u32();
      if (magic === MAGIC) this.#frame();
      else if (((magic ^ SKIPPABLE) >>> 0) < 16) this.#skip(this.#u32());
      else throw new TypeError("no LZ4 frame");
    }
  }

  #frame(): void {
    const flags = this.#u8();
    this.#skip(1);
    if ((flags & VERSION_MASK) !== VERSION_1) throw new TypeError("an LZ4 frame of an unknown version");
    if ((flags & DICTIONARY) !== 0) throw new TypeError("an LZ4 frame that needs a dictionary");
    this.#skip(((flags & CONTENT_SIZE) === 0 ? 0 : 8) + 1);
    const frameStart = this.#length;
    for (;;) {
      const size = this.#u32();
      if (size === 0) break;
      const end = this.#at + (size & ~STORED);
      if (end > this.#in.length) {
        throw new RangeError(`an LZ4 block ends at ${end} of ${this.#in.length} bytes`);
      }
      if ((size & STORED) !== 0) this.#literals(end - this.#at);
      else this.#block(end, (flags & INDEPENDENT_BLOCKS) === 0 ? frameStart : this.#length);
      if ((flags & BLOCK_CHECKSUMS) !== 0) this.#skip(4);
    }
    if ((flags & CONTENT_CHECKSUM) !== 0) this.#skip(4);
  }

  /** Sequences of literals and a match, up to the last, which has literals only. */
  #block(end: number, windowStart: number): void {
    while (this.#at < end) {
      const token = this.#u8();
      this.#literals(this.#runLength(token >> 4, end));
      if (this.#at >= end) break;
      const distance = this.#u8() | this.#u8() << 8;
      const length = this.#runLength(token & 15, end) + MIN_MATCH;
      const from = this.#length - distance;
      if (distance === 0 || from < windowStart) {
        throw new RangeError(`an LZ4 match reaches back ${distance} of ${this.#length - windowStart} bytes`);
      }
      this.#match(from, length);
    }
    if (this.#at !== end) throw new RangeError("an LZ4 block is longer than it says");
  }

  /** A length of 15 goes on in further bytes, as long as they are 255. */
  #runLength(start: number, end: number): number {
    if (start < 15) return start;
    let length = start;
    for (;;) {
      if (this.#at >= end) throw new RangeError("an LZ4 block ends inside a length");
      const more = this.#u8();
      length += more;
      if (more < 255) return length;
    }
  }

  #literals(length: number): void {
    const from = this.#at;
    this.#skip(length);
    this.#room(length);
    this.#out.set(this.#in.subarray(from, from + length), this.#length);
    this.#length += length;
  }

  #match(from: number, length: number): void {
    this.#room(length);
    const out = this.#out;
    const to = this.#length;
    // A match may reach into what it is writing: then it repeats itself.
    if (from + length <= to) out.copyWithin(to, from, from + length);
    else for (let index = 0; index < length; index++) out[to + index] = out[from + index] ?? 0;
    this.#length += length;
  }

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#maxBytes) throw new RangeError(`it would grow beyond ${this.#maxBytes} bytes`);
    if (needed <= this.#out.length) return;
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#out.length * 2)));
    grown.set(this.result);
    this.#out = grown;
  }

  #u8(): number {
    this.#skip(1);
    return this.#view.getUint8(this.#at - 1);
  }

  #u32(): number {
    this.#skip(4);
    return this.#view.getUint32(this.#at - 4, true);
  }

  #skip(count: number): void {
    if (count > this.#in.length - this.#at) throw new RangeError("an LZ4 frame ends too early");
    this.#at += count;
  }
}
