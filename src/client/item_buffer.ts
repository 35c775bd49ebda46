import type { Item, StreamPart } from "../envelope/item.ts";
import type { Reply } from "../envelope/reply.ts";

/** What a part of a stream was to those that came before it. */
export type Arrival =
  /** The next one: it can be read. */
  | "next"
  /** It came before. */
  | "again"
  /** Others are missing before it. */
  | "early"
  /** More of them are here than its producer may send. */
  | "too many";

/** What has come of a stream and was not read: in order, each once, bounded. */
export class ItemBuffer {
  readonly #maxItems: number;
  readonly #maxBytes: number;
  /** The number of the next part that is to come. */
  #next = 1;
  /** Those that came before their turn. */
  readonly #early = new Map<number, StreamPart>();
  #ready: Item[] = [];
  #head = 0;
  #bytes = 0;
  #end: Reply | undefined;

  /**
   * @param maxItems items that it holds at most
   * @param maxBytes encoded bytes that it holds at most
   */
  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /** The number of the part that is waited for: all before it have come. */
  get next(): number {
    return this.#next;
  }
  /** Items that can be read. */
  get size(): number {
    return this.#ready.length - this.#head;
  }
  /** Whether later parts are here than the one that is waited for. */
  get hasGap(): boolean {
    return this.#early.size > 0;
  }
  /** How the stream ended, once everything before its end has come. */
  get end(): Reply | undefined {
    return this.#end;
  }

  /** Takes one part. */
  add(part: StreamPart): Arrival {
    if (this.#end !== undefined || part.seq < this.#next || this.#early.has(part.seq)) return "again";
    const bytes = bytesOf(part);
    if (this.size + this.#early.size >= this.#maxItems || this.#bytes + bytes > this.#maxBytes) {
      return "too many";
    }
    this.#bytes += bytes;
    if (part.seq > this.#next) {
      this.#early.set(part.seq, part);
      return "early";
    }
    for (let due: StreamPart | undefined = part; due !== undefined; due = this.#early.get(this.#next)) {
      this.#early.delete(due.seq);
      this.#append(due);
    }
    return "next";
  }

  /** Takes the first item out. */
  take(): Item | undefined {
    const item = this.#ready[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    this.#bytes -= bytesOf(item);
    if (this.#head === this.#ready.length || this.#head >= this.#maxItems) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Drops everything that was not read. */
  clear(): void {
    this.#ready = [];
    this.#head = this.#bytes = 0;
    this.#early.clear();
  }

  #append(part: StreamPart): void {
    this.#next = part.seq + 1;
    if (part.kind === "item") this.#ready.push(part);
    else {
      this.#end = part.reply;
      // Nothing comes after the end, whatever claims to.
      this.#early.clear();
    }
  }
}

function bytesOf(part: StreamPart): number {
  return part.kind === "item" ? part.body?.length ?? 0 : 0;
}
