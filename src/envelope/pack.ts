import { decodeUtf8 } from "../bytes/utf8.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { HEADER, type Headers, type HeaderSink } from "./headers.ts";

/** One call or reply on its way into a pack. */
export interface OutgoingEntry {
  /** The text of a {@linkcode HeadText}. */
  readonly head: string;
  readonly body: Uint8Array;
}

/** One call or reply found in a pack. */
export interface PackEntry {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Most entries a pack may have: more is not one of ours. */
export const MAX_PACK_ENTRIES = 1_024;

const NAME_END = "\u0001";
const VALUE_END = "\u0002";
const ENTRY_END = "\u0003";
const PREFIX_BYTES = 8;
const LENGTH_BYTES = 4;

const NOT_PRINTABLE = /[^\x20-\x7e]/;
const encoder = new TextEncoder();

/**
 * Writes a pack, integers big-endian:
 *
 * | bytes | content |
 * |---|---|
 * | 4 | number of entries, n |
 * | 4 | bytes of the heads, h |
 * | n × 4 | bytes of each body |
 * | h | heads: for each entry `name U+0001 value U+0002` …, then U+0003 |
 * | … | the bodies, one after the other |
 *
 * One text for all heads, because turning text into bytes costs per call, not per byte.
 */
export function encodePack(entries: readonly OutgoingEntry[]): Uint8Array {
  let heads = "";
  let bodyBytes = 0;
  for (const { head, body } of entries) {
    heads += head + ENTRY_END;
    bodyBytes += body.length;
  }
  const lengths = PREFIX_BYTES + entries.length * LENGTH_BYTES;
  // Heads are ASCII, so their bytes are as many as their characters.
  const pack = new Uint8Array(lengths + heads.length + bodyBytes);
  const view = new DataView(pack.buffer);
  view.setUint32(0, entries.length);
  view.setUint32(4, heads.length);
  encoder.encodeInto(heads, pack.subarray(lengths));
  let at = lengths + heads.length;
  entries.forEach(({ body }, index) => {
    view.setUint32(PREFIX_BYTES + index * LENGTH_BYTES, body.length);
    pack.set(body, at);
    at += body.length;
  });
  return pack;
}

/** What stands between one value and the next, by the next one's name: each text that need not be joined counts. */
const BETWEEN: ReadonlyMap<string, string> = new Map(
  Object.values(HEADER).map((name) => [name, VALUE_END + name + NAME_END]),
);

/** Collects the headers of one entry as the text that a pack holds: cheaper than a `Map` that is read once. */
export class HeadText implements HeaderSink {
  /** Without the end of the last value. */
  #text = "";

  /** What was written so far. */
  get text(): string {
    return this.#text === "" ? "" : this.#text + VALUE_END;
  }

  /**
   * Adds one header.
   *
   * @throws {TypeError} when the value is not printable ASCII: it would move the boundaries
   */
  set(name: string, value: string): void {
    if (NOT_PRINTABLE.test(value)) {
      throw new TypeError(`Cannot pack the header "${name}": its value is not printable ASCII`);
    }
    this.#text = this.#text === ""
      ? name + NAME_END + value
      : this.#text + (BETWEEN.get(name) ?? VALUE_END + name + NAME_END) + value;
  }
}

/**
 * Reads a pack. Bodies are views into `bytes`.
 *
 * @throws {RpcError} `invalid_argument` when lengths and content do not agree; nothing is allocated by a length
 * that has not been checked
 */
export function decodePack(bytes: Uint8Array): PackEntry[] {
  if (bytes.length < PREFIX_BYTES) throw broken("it is shorter than its prefix");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0);
  if (count === 0 || count > MAX_PACK_ENTRIES) throw broken(`it claims ${count} entries`);
  const lengths = PREFIX_BYTES + count * LENGTH_BYTES;
  const bodies = lengths + view.getUint32(4);
  if (bodies > bytes.length) throw broken("its heads are longer than the message");
  const heads = decodeHeads(bytes.subarray(lengths, bodies), count);
  let at = bodies;
  const entries = heads.map((headers, index) => {
    const end = at + view.getUint32(PREFIX_BYTES + index * LENGTH_BYTES);
    if (end > bytes.length) throw broken("a body is longer than the message");
    const body = bytes.subarray(at, end);
    at = end;
    return { headers, body };
  });
  if (at !== bytes.length) throw broken("bytes are left over");
  return entries;
}

function decodeHeads(bytes: Uint8Array, count: number): Headers[] {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch (error) {
    throw broken("its heads are no UTF-8", error);
  }
  const names: string[] = [];
  const heads: Headers[] = [];
  let at = 0;
  for (let entry = 0; entry < count; entry++) {
    const end = text.indexOf(ENTRY_END, at);
    if (end < 0) break;
    heads.push(decodeHead(text, at, end, names));
    at = end + 1;
  }
  if (heads.length !== count || at !== text.length) throw broken("its heads are not as many as its entries");
  return heads;
}

/**
 * Reads the head that goes from `at` to `end`.
 *
 * @param names those of the head before: nearly always the same ones, which need not be cut out
 */
function decodeHead(text: string, at: number, end: number, names: string[]): Headers {
  const headers = new Map<string, string>();
  for (let index = 0; at < end; index++) {
    let name = names[index];
    let nameEnd: number;
    if (name !== undefined && text.startsWith(name, at) && text[at + name.length] === NAME_END) {
      nameEnd = at + name.length;
    } else {
      nameEnd = text.indexOf(NAME_END, at);
      name = names[index] = text.slice(at, nameEnd);
    }
    const valueEnd = text.indexOf(VALUE_END, nameEnd + 1);
    if (nameEnd < 0 || valueEnd < 0 || valueEnd >= end) throw broken("a header has no end");
    headers.set(name, text.slice(nameEnd + 1, valueEnd));
    at = valueEnd + 1;
  }
  return headers;
}

function broken(reason: string, cause?: unknown): RpcError {
  return new RpcError("invalid_argument", `Cannot open the pack: ${reason}`, { outcome: "rejected", cause });
}
