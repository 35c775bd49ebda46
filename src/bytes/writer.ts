const encoder = new TextEncoder();

/** Up to this many UTF-16 units of ASCII are written by hand: cheaper than a call into the encoder. */
const SHORT_TEXT = 24;
const MAX_UTF8_PER_UNIT = 3;

/**
 * Writes big-endian numbers, bytes and text into a buffer that grows. Lengths that are known only afterwards are
 * patched into place.
 */
export class Writer {
  #buffer: Uint8Array;
  #view: DataView;
  #length = 0;

  /**
   * Starts empty.
   *
   * @param capacity bytes to set aside at first
   */
  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(Math.max(16, capacity));
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** How many bytes fit before the buffer grows. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Writes an unsigned byte. */
  u8(value: number): void {
    const at = this.#extend(1);
    this.#view.setUint8(at, value);
  }

  /** Writes a 16-bit number, signed or not: only the low 16 bits count. */
  u16(value: number): void {
    const at = this.#extend(2);
    this.#view.setUint16(at, value);
  }

  /** Writes a 32-bit number, signed or not: only the low 32 bits count. */
  u32(value: number): void {
    const at = this.#extend(4);
    this.#view.setUint32(at, value);
  }

  /**
   * Writes a signed 64-bit number.
   *
   * @throws RangeError unless `value` is an integer within ±(2^53 - 1)
   */
  i64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError(`Cannot write ${value} as a 64-bit integer`);
    const at = this.#extend(8);
    this.#view.setInt32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    const at = this.#extend(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /**
   * Writes text as UTF-8, without a length.
   *
   * @returns how many bytes it took
   */
  utf8(text: string): number {
    const start = this.#length;
    if (text.length <= SHORT_TEXT && this.#ascii(text)) return text.length;
    this.#reserve(text.length * MAX_UTF8_PER_UNIT);
    const { written } = encoder.encodeInto(text, this.#buffer.subarray(start));
    this.#length = start + written;
    return written;
  }

  /** Overwrites two bytes that were written before. */
  patchU16(at: number, value: number): void {
    this.#checkPatch(at, 2);
    this.#view.setUint16(at, value);
  }

  /** Overwrites four bytes that were written before. */
  patchU32(at: number, value: number): void {
    this.#checkPatch(at, 4);
    this.#view.setUint32(at, value);
  }

  /**
   * Takes back everything from index `length` on.
   *
   * @throws RangeError when less than that was written
   */
  truncate(length: number): void {
    this.#checkPatch(length, 0);
    this.#length = length;
  }

  /**
   * Takes parts back; what follows moves down, in one pass.
   *
   * @param ranges `start` inclusive, `end` exclusive; in order and not overlapping
   * @throws RangeError when they are not, or were not written; what was written is unusable then
   */
  remove(ranges: readonly { readonly start: number; readonly end: number }[]): void {
    let kept = ranges[0]?.start ?? this.#length;
    for (const [index, { start, end }] of ranges.entries()) {
      const next = ranges[index + 1]?.start ?? this.#length;
      if (!(start >= kept && start <= end && end <= next)) {
        throw new RangeError(`Cannot remove ${start} to ${end}`);
      }
      this.#buffer.copyWithin(kept, end, next);
      kept += next - end;
    }
    this.#length = kept;
  }

  /** What was written, as a view: valid until the next write. */
  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #ascii(text: string): boolean {
    const at = this.#extend(text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) {
        this.#length = at;
        return false;
      }
      this.#view.setUint8(at + index, unit);
    }
    return true;
  }

  /** Growing replaces the view: extend first, then look at it. */
  #extend(count: number): number {
    this.#reserve(count);
    const at = this.#length;
    this.#length = at + count;
    return at;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  #checkPatch(at: number, size: number): void {
    if (!Number.isInteger(at) || at < 0 || size < 0 || at + size > this.#length) {
      throw new RangeError(`Cannot patch ${size} bytes at ${at}: ${this.#length} were written`);
    }
  }
}
