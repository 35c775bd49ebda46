import { Buffer } from "node:buffer";

/**
 * Reads big-endian numbers, bytes and text from the front of a byte array to its end. Every read checks the
 * bounds first: what a peer claims about lengths is never trusted.
 *
 * Every reading method throws a `RangeError` when fewer bytes remain than it needs, and then leaves the
 * position unchanged.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes what to read; not copied, so it must not change while it is read
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Index of the next byte to read. */
  get position(): number {
    return this.#position;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /**
   * Moves to an index from the start.
   *
   * @throws RangeError when the index lies outside
   */
  seek(position: number): void {
    if (!Number.isInteger(position) || position < 0 || position > this.#bytes.length) {
      throw new RangeError(`Cannot seek to ${position}: there are ${this.#bytes.length} bytes`);
    }
    this.#position = position;
  }

  /** Reads an unsigned byte. */
  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Reads a signed 16-bit number. */
  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  /** Reads an unsigned 16-bit number. */
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  /** Reads a signed 32-bit number. */
  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** Reads an unsigned 32-bit number. */
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /**
   * Reads a signed 64-bit number.
   *
   * @throws RangeError also when the value is beyond ±(2^53 - 1) and would lose digits
   */
  i64(): number {
    const at = this.#take(8);
    const value = this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    if (Number.isSafeInteger(value)) return value;
    this.#position = at;
    throw new RangeError(`Cannot read ${this.#view.getBigInt64(at)}: it does not fit 53 bits`);
  }

  /** Reads `length` bytes as a view that shares memory with the input. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Reads `length` bytes as UTF-8 text; malformed sequences become U+FFFD. */
  utf8(length: number): string {
    const at = this.#take(length);
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + at, length).toString("utf8");
  }

  #take(length: number): number {
    const at = this.#position;
    if (!(length >= 0) || length > this.#bytes.length - at) {
      throw new RangeError(`Cannot read ${length} bytes: ${this.#bytes.length - at} remain`);
    }
    this.#position = at + length;
    return at;
  }
}
