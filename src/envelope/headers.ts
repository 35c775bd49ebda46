/** Every name this library puts on a message, once. Values are printable ASCII; see {@linkcode escapeHeader}. */
export const HEADER = {
  version: "rpc-v",
  kind: "rpc-kind",
  id: "rpc-id",
  attempt: "rpc-attempt",
  started: "rpc-started",
  deadline: "rpc-deadline",
  timeout: "rpc-timeout",
  type: "rpc-type",
  empty: "rpc-empty",
  reply: "rpc-reply",
  target: "rpc-target",
  key: "rpc-key",
  plan: "rpc-plan",
  chain: "rpc-chain",
  idempotencyKey: "rpc-idem",
  from: "rpc-from",
  code: "rpc-code",
  message: "rpc-message",
  ran: "rpc-ran",
  error: "rpc-error",
  direct: "rpc-direct",
  seq: "rpc-seq",
  credit: "rpc-credit",
  dead: "rpc-dead",
  origin: "rpc-origin",
} as const;

/** The headers of a trace, by the W3C's names. */
export const TRACE_HEADER = {
  traceparent: "traceparent",
  tracestate: "tracestate",
  baggage: "baggage",
} as const;

/** What the user's own headers begin with on the wire. */
export const USER_PREFIX = "h-";

/** The version of the envelope that this library writes and reads. */
export const ENVELOPE_VERSION = "1";

/** The kinds of envelope that are in use. */
export type Kind =
  | "request"
  | "oneway"
  | "reply"
  | "item"
  | "end"
  | "cancel"
  | "credit"
  | "ping"
  | "pack";

/** Headers of a message. */
export type Headers = ReadonlyMap<string, string>;

/** Where headers are written to: a `Map`, or the text of a pack's head. Each name once. */
export interface HeaderSink {
  /** Adds one header; its value is printable ASCII. */
  set(name: string, value: string): unknown;
}

// A percent sign, and everything outside printable ASCII, has to go: properties have no escaping of their own.
const UNSAFE = /[^\x20-\x7e]|%/g;
const ESCAPED = /(?:%[0-9A-Fa-f]{2})+/g;
const encoder = new TextEncoder();
// U+FEFF at the beginning of a text is part of it, not a mark of its encoding.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Percent-encodes what may not stand in a header value, by its UTF-8 bytes. Lone surrogates become U+FFFD. */
export function escapeHeader(text: string): string {
  UNSAFE.lastIndex = 0;
  if (!UNSAFE.test(text)) return text;
  let escaped = "";
  for (const character of text) {
    UNSAFE.lastIndex = 0;
    if (!UNSAFE.test(character)) {
      escaped += character;
      continue;
    }
    for (const byte of encoder.encode(character)) {
      escaped += "%" + byte.toString(16).toUpperCase().padStart(2, "0");
    }
  }
  return escaped;
}

/** The inverse of {@linkcode escapeHeader}. Bytes that are no UTF-8 become U+FFFD; never throws. */
export function unescapeHeader(value: string): string {
  if (!value.includes("%")) return value;
  return value.replace(ESCAPED, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16));
    return decoder.decode(bytes);
  });
}

/** Cuts text so that its UTF-8 form has at most `bytes` bytes, never inside a character. */
export function cutText(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const whole = encoder.encode(text);
  if (whole.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  return decoder.decode(whole.subarray(0, end));
}
