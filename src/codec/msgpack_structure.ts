import { isUtf8 } from "node:buffer";
import { MAX_DEPTH } from "./limits.ts";

/** Longer texts are checked by a call out of JavaScript, which pays off only for them. */
const SHORT_TEXT = 256;

/** Values that do not fit the heads below, by what their bytes are. */
type Kind = "scalar" | "bytes" | "text" | "array" | "map" | "extension" | "wide";

interface Head {
  readonly kind: Kind;
  /** Bytes after the head: of the length that they hold, or of the value where there is none. */
  readonly bytes: number;
  /** For extensions of a fixed size. */
  readonly size?: number;
}

const scalar = (bytes: number): Head => ({ kind: "scalar", bytes });

/** What the heads from 0xc0 to 0xdf say; 0xc1 is never used. */
const HEADS: readonly (Head | undefined)[] = [
  ...[scalar(0), undefined, scalar(0), scalar(0)],
  ...[1, 2, 4].map((bytes): Head => ({ kind: "bytes", bytes })),
  ...[1, 2, 4].map((bytes): Head => ({ kind: "extension", bytes })),
  ...[scalar(4), scalar(8)],
  ...[scalar(1), scalar(2), scalar(4), { kind: "wide", bytes: 8 } as const],
  ...[scalar(1), scalar(2), scalar(4), { kind: "wide", bytes: 8 } as const],
  ...[1, 2, 4, 8, 16].map((size): Head => ({ kind: "extension", bytes: 0, size })),
  ...[1, 2, 4].map((bytes): Head => ({ kind: "text", bytes })),
  ...[2, 4].map((bytes): Head => ({ kind: "array", bytes })),
  ...[2, 4].map((bytes): Head => ({ kind: "map", bytes })),
];

/**
 * Reads the skeleton of one MessagePack value without making any of it: that every length is covered by bytes, that
 * texts are UTF-8, that nothing lies too deep, and that no byte is left over. A decoder that allocates what lengths
 * claim is safe after it.
 *
 * @param depth how many containers are around the value
 * @returns whether there is something that the decoder alone does not make right: bytes, 64-bit integers, extensions
 * @throws {TypeError} saying what is wrong
 */
export function inspect(bytes: Uint8Array, depth: number): boolean {
  return new Inspection(bytes, depth).run();
}

class Inspection {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #depth: number;
  #at = 0;
  #special = false;
  /** How many values each open container still lacks. */
  readonly #lacking: number[] = [];

  constructor(bytes: Uint8Array, depth: number) {
    this.#bytes = bytes;
    this.#depth = depth;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): boolean {
    const lacking = this.#lacking;
    do {
      const inside = this.#value();
      if (inside > 0) lacking.push(inside);
      else this.#complete();
    } while (lacking.length > 0);
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new TypeError(`${left} bytes follow the value`);
    return this.#special;
  }

  /** A value is complete, and with it all containers that lacked no other. */
  #complete(): void {
    const lacking = this.#lacking;
    for (let top = lacking.length - 1; top >= 0; top--) {
      const left = (lacking[top] ?? 0) - 1;
      if (left > 0) {
        lacking[top] = left;
        return;
      }
      lacking.pop();
    }
  }

  /** Passes one value, or the head of a container; returns how many values the container holds. */
  #value(): number {
    const head = this.#bytes[this.#at];
    if (head === undefined) throw truncated();
    this.#at++;
    if (head < 0x80 || head >= 0xe0) return 0;
    if (head < 0x90) return this.#values(2 * (head & 0x0f));
    if (head < 0xa0) return this.#values(head & 0x0f);
    if (head < 0xc0) return this.#text(head & 0x1f);
    return this.#long(head);
  }

  #long(head: number): number {
    const form = HEADS[head - 0xc0];
    if (form === undefined) throw new TypeError("the byte 0xc1 stands for nothing");
    switch (form.kind) {
      case "scalar":
        return this.#skip(form.bytes);
      case "text":
        return this.#text(this.#length(form.bytes));
      case "array":
        return this.#values(this.#length(form.bytes));
      case "map":
        return this.#values(2 * this.#length(form.bytes));
    }
    this.#special = true;
    if (form.kind === "wide") return this.#skip(form.bytes);
    const size = form.size ?? this.#length(form.bytes);
    return this.#skip(form.kind === "extension" ? size + 1 : size);
  }

  #length(bytes: number): number {
    const at = this.#at;
    this.#skip(bytes);
    return bytes === 1
      ? this.#view.getUint8(at)
      : bytes === 2
      ? this.#view.getUint16(at)
      : this.#view.getUint32(at);
  }

  /** Opens a container of so many values. */
  #values(count: number): number {
    if (this.#depth + this.#lacking.length >= MAX_DEPTH) {
      throw new TypeError(`values lie at most ${MAX_DEPTH} levels deep`);
    }
    return count;
  }

  #text(length: number): number {
    const start = this.#at;
    this.#skip(length);
    if (length <= SHORT_TEXT && this.#isAscii(start, this.#at)) return 0;
    if (!isUtf8(this.#bytes.subarray(start, this.#at))) throw new TypeError("a text is not UTF-8");
    return 0;
  }

  #isAscii(start: number, end: number): boolean {
    for (let at = start; at < end; at++) if ((this.#bytes[at] ?? 0) >= 0x80) return false;
    return true;
  }

  #skip(bytes: number): 0 {
    if (bytes > this.#bytes.length - this.#at) throw truncated();
    this.#at += bytes;
    return 0;
  }
}

function truncated(): TypeError {
  return new TypeError("it ends within a value");
}
