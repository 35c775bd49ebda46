import type { Message } from "../transport/transport.ts";
import { NO_BODY, travelling } from "./body.ts";
import { isCallId } from "./call_id.ts";
import { ENVELOPE_VERSION, HEADER, type Headers } from "./headers.ts";
import { WholeNumber } from "./whole_number.ts";

/** How much of a stream may be on its way, or wait for its reader. */
export interface Credit {
  /** Items. */
  readonly items: number;
  /** Encoded bytes together; a larger item still goes when nothing else is on its way. */
  readonly bytes: number;
}

/**
 * What the two ends of a stream tell each other past all queues.
 *
 * - `credit`: its reader has taken all items up to that number
 * - `ping`: the same, and the producer is to say that it is there
 * - `pong`: it is, and has sent all parts up to that number
 */
export interface StreamControl {
  readonly kind: "credit" | "ping" | "pong";
  /** The stream's call. */
  readonly id: string;
  /** A number within the stream; 0 where there is none yet. */
  readonly seq: number;
  /** Where the answer to a ping goes. */
  readonly replyTo?: string | undefined;
}

const CREDIT = /^([1-9][0-9]{0,8}) ([1-9][0-9]{0,11})$/;
const SEQ = new WholeNumber();

/** Writes what a request grants its stream. */
export function writeCredit({ items, bytes }: Credit): string {
  return `${items} ${bytes}`;
}

/** Reads what {@linkcode writeCredit} wrote; `undefined` for anything else. */
export function readCredit(value: string): Credit | undefined {
  const match = CREDIT.exec(value);
  return match === null ? undefined : { items: Number(match[1]), bytes: Number(match[2]) };
}

/** The message that tells it, for a direct address. It has no keys: it is no answer to anything. */
export function controlMessage(
  { kind, id, seq, replyTo }: StreamControl,
  method: string,
): Omit<Message, "topic"> {
  const headers = new Map<string, string>([
    [HEADER.version, ENVELOPE_VERSION],
    [HEADER.kind, kind === "credit" ? "credit" : "ping"],
    [HEADER.id, id],
    [HEADER.seq, SEQ.write(seq)],
    [HEADER.empty, "1"],
  ]);
  // A ping that says where its answer goes is a question.
  if (kind === "ping" && replyTo !== undefined) headers.set(HEADER.reply, replyTo);
  return { tag: method, keys: [], headers, body: travelling(NO_BODY) };
}

/** Reads what {@linkcode controlMessage} made; `undefined` for anything else. */
export function readControl(headers: Headers): StreamControl | undefined {
  const kind = headers.get(HEADER.kind);
  const id = headers.get(HEADER.id);
  const text = headers.get(HEADER.seq);
  const seq = text === undefined ? undefined : SEQ.read(text);
  if (headers.get(HEADER.version) !== ENVELOPE_VERSION || !isCallId(id) || seq === undefined) {
    return undefined;
  }
  if (kind === "credit") return { kind, id, seq };
  if (kind !== "ping") return undefined;
  const replyTo = headers.get(HEADER.reply);
  return replyTo === undefined || replyTo === ""
    ? { kind: "pong", id, seq }
    : { kind: "ping", id, seq, replyTo };
}
