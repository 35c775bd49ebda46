import type { Message } from "../transport/transport.ts";
import { NO_BODY, travelling } from "./body.ts";
import { isCallId } from "./call_id.ts";
import { ENVELOPE_VERSION, HEADER, type Headers, type HeaderSink } from "./headers.ts";
import { decodePack, encodePack, HeadText, type PackEntry } from "./pack.ts";
import { readReply, type Reply, replyBody, writeReply } from "./reply.ts";
import { WholeNumber } from "./whole_number.ts";

/** One item of a stream as it travels. */
export interface Item {
  readonly kind: "item";
  /** Its number, from 1. */
  readonly seq: number;
  /** Content type of the body. */
  readonly type: string;
  /** The encoded item, or `undefined` for none. */
  readonly body: Uint8Array | undefined;
}

/** How a stream ended: nothing comes after it. */
export interface End {
  readonly kind: "end";
  /** One more than the number of items. */
  readonly seq: number;
  /** Well, or with an error. */
  readonly reply: Reply;
}

/** What a stream consists of. */
export type StreamPart = Item | End;

/** Some consecutive parts of a stream in one message. */
export interface StreamMessage {
  /** The call's id. */
  readonly id: string;
  /** Which run of the call made them, from 1: parts of two runs do not belong together. */
  readonly attempt: number;
  /** Who made them, as it travels. */
  readonly direct: string | undefined;
  readonly parts: readonly StreamPart[];
}

/** What a message of a stream is made of. */
export interface OutgoingParts extends StreamMessage {
  readonly method: string;
  /** Content type of the items. */
  readonly type: string;
}

const SEQ = new WholeNumber();
const ATTEMPT = new WholeNumber();

/** What the part of that number is found by on the broker, where it is the first of its message. */
export function partKey(callId: string, seq: number): string {
  return `${callId}.${seq}`;
}

/**
 * The message of some parts: alone, or as a pack that names its call beside the entries. Under the call's id a broker
 * finds how the stream began and how it ended; under {@linkcode partKey} each message.
 */
export function streamMessage(outgoing: OutgoingParts): Omit<Message, "topic"> {
  const { id, attempt, direct, method: tag, type, parts } = outgoing;
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) throw new TypeError("Cannot send no parts of a stream");
  const headers = new Map<string, string>([[HEADER.version, ENVELOPE_VERSION], [HEADER.id, id]]);
  if (attempt > 1) headers.set(HEADER.attempt, String(attempt));
  if (direct !== undefined) headers.set(HEADER.direct, direct);
  const keys = first.seq === 1 || last.kind === "end"
    ? [id, partKey(id, first.seq)]
    : [partKey(id, first.seq)];
  headers.set(HEADER.type, type);
  if (parts.length === 1) {
    writePart(first, headers);
    return { tag, keys, headers, body: travelling(bodyOf(first)) };
  }
  headers.set(HEADER.kind, "pack");
  const entries = parts.map((part) => {
    const head = new HeadText();
    writePart(part, head);
    return { head: head.text, body: travelling(bodyOf(part)) };
  });
  return { tag, keys, headers, body: encodePack(entries) };
}

/** Whether a message that came to a reply address is of a stream: packs of replies name no call. */
export function isStreamMessage(headers: Headers): boolean {
  const kind = headers.get(HEADER.kind);
  return kind === "item" || kind === "end" || (kind === "pack" && headers.has(HEADER.id));
}

/**
 * Reads a message of a stream.
 *
 * @throws {TypeError} saying what is wrong with it
 * @throws {RpcError} `invalid_argument` when it is a pack that cannot be opened
 */
export function readStreamMessage(headers: Headers, body: Uint8Array): StreamMessage {
  const id = headers.get(HEADER.id);
  if (!isCallId(id)) throw new TypeError("It names no call");
  const attempt = headers.get(HEADER.attempt);
  const entries: readonly PackEntry[] = headers.get(HEADER.kind) === "pack"
    ? decodePack(body)
    : [{ headers, body }];
  return {
    id,
    attempt: attempt === undefined ? 1 : ATTEMPT.read(attempt) ?? 1,
    direct: headers.get(HEADER.direct),
    parts: entries.map((entry) => readPart(id, headers, entry)),
  };
}

function writePart(part: StreamPart, into: HeaderSink): void {
  into.set(HEADER.kind, part.kind);
  into.set(HEADER.seq, SEQ.write(part.seq));
  if (part.kind === "end") return writeEnd(part.reply, into);
  if (part.body === undefined) into.set(HEADER.empty, "1");
}

/** The message names the call, and a name stands once. */
function writeEnd(reply: Reply, into: HeaderSink): void {
  writeReply(reply, { set: (name, value) => name === HEADER.id ? undefined : into.set(name, value) });
}

function bodyOf(part: StreamPart): Uint8Array | undefined {
  return part.kind === "end" ? replyBody(part.reply) : part.body;
}

function readPart(id: string, shared: Headers, { headers, body }: PackEntry): StreamPart {
  const text = headers.get(HEADER.seq);
  const seq = text === undefined ? undefined : SEQ.read(text);
  if (seq === undefined || seq === 0) throw new TypeError("A part of a stream has no number");
  if (headers.get(HEADER.kind) === "end") {
    const reply = readReply(shared, headers, body, id);
    if (reply === undefined) throw new TypeError("The end of a stream names no call");
    return { kind: "end", seq, reply };
  }
  return {
    kind: "item",
    seq,
    type: headers.get(HEADER.type) ?? shared.get(HEADER.type) ?? "",
    body: headers.get(HEADER.empty) === "1" ? NO_BODY : body,
  };
}
