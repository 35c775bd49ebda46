import { RpcError } from "../errors/rpc_error.ts";
import {
  ENVELOPE_VERSION,
  escapeHeader,
  HEADER,
  type Headers,
  type HeaderSink,
  TRACE_HEADER,
  unescapeHeader,
  USER_PREFIX,
} from "./headers.ts";
import type { TraceHeaders } from "../call/inbound.ts";
import { NO_BODY } from "./body.ts";
import { isCallId } from "./call_id.ts";
import { type Credit, readCredit, writeCredit } from "./credit.ts";
import { decodeChain, encodeChain, NO_CALLS } from "./chain.ts";
import { WholeNumber } from "./whole_number.ts";

/** A request as it travels: the call's headers and the encoded input. */
export interface Request {
  readonly id: string;
  /** Whether somebody waits for a reply. */
  readonly kind: "request" | "oneway";
  /** From 1, raised by every re-send. */
  readonly attempt: number;
  /** Set on the copy of a request whose handler runs: that attempt was started when the copy was made. */
  readonly started?: boolean | undefined;
  /**
   * Epoch milliseconds by the caller's clock; for people. The callee counts from the store time. `Infinity` where
   * there is none.
   */
  readonly deadlineMs: number;
  /** `Infinity` for one-way calls without deadline, and for them only. */
  readonly timeoutMs: number;
  /** Content type of the body. */
  readonly type: string;
  /** Where the reply goes; empty for one-way calls. */
  readonly replyTo: string;
  /** The key of the entity or of an ordered method. */
  readonly key: string | undefined;
  /**
   * The number of the queue plan that its sender went by, read only: what sends says by which it goes, and copies to
   * the same queue go by none.
   */
  readonly plan?: number | undefined;
  /** The addresses of the calls above, outermost first. */
  readonly chain: readonly string[];
  readonly trace: TraceHeaders | undefined;
  readonly idempotencyKey: string | undefined;
  readonly from: string | undefined;
  /** Names without prefix. */
  readonly userHeaders: ReadonlyMap<string, string>;
  /** The encoded input, or `undefined` for none. */
  readonly body: Uint8Array | undefined;
  /** Set where the answer is a stream: what its reader grants. Such a request travels alone. */
  readonly credit?: Credit | undefined;
}

/** Headers of a request that are the same for every call of one caller to one method: a pack states them once. */
export type SharedHeader = "replyTo" | "from" | "type";

/**
 * Writes what all requests of a caller share.
 *
 * @param into the headers to add to
 */
export function writeShared(request: Pick<Request, SharedHeader>, into: HeaderSink): void {
  into.set(HEADER.version, ENVELOPE_VERSION);
  into.set(HEADER.type, request.type);
  if (request.replyTo !== "") into.set(HEADER.reply, request.replyTo);
  if (request.from !== undefined) into.set(HEADER.from, escapeHeader(request.from));
}

/** Writes what is one call's own. */
export function writeOwn(request: Request, into: HeaderSink): void {
  into.set(HEADER.id, request.id);
  if (request.kind === "oneway") into.set(HEADER.kind, request.kind);
  if (request.timeoutMs !== Infinity) {
    into.set(HEADER.deadline, DEADLINE.write(request.deadlineMs));
    into.set(HEADER.timeout, TIMEOUT.write(request.timeoutMs));
  }
  if (request.key !== undefined) into.set(HEADER.key, escapeHeader(request.key));
  if (request.chain.length > 0) into.set(HEADER.chain, encodeChain(request.chain));
  if (request.trace !== undefined) writeTrace(request.trace, into);
  if (request.attempt !== 1 || request.started) into.set(HEADER.attempt, String(request.attempt));
  if (request.started) into.set(HEADER.started, "1");
  if (request.body === undefined) into.set(HEADER.empty, "1");
  if (request.idempotencyKey !== undefined) {
    into.set(HEADER.idempotencyKey, escapeHeader(request.idempotencyKey));
  }
  for (const [name, value] of request.userHeaders) into.set(USER_PREFIX + name, escapeHeader(value));
}

function writeTrace({ traceparent, tracestate, baggage }: TraceHeaders, into: HeaderSink): void {
  into.set(TRACE_HEADER.traceparent, escapeHeader(traceparent));
  if (tracestate !== undefined && tracestate !== "") {
    into.set(TRACE_HEADER.tracestate, escapeHeader(tracestate));
  }
  if (baggage !== undefined && baggage !== "") into.set(TRACE_HEADER.baggage, escapeHeader(baggage));
}

/** All headers of a request that travels alone. */
export function requestHeaders(request: Request): Map<string, string> {
  const headers = new Map<string, string>([[HEADER.kind, "request"]]);
  writeShared(request, headers);
  writeOwn(request, headers);
  if (request.credit !== undefined) headers.set(HEADER.credit, writeCredit(request.credit));
  return headers;
}

/**
 * Reads a request.
 *
 * @param shared headers of the message that carried it
 * @param own headers of its own: the same ones, or its entry's in a pack
 * @param body the body that travelled, which is one byte where there is none
 * @throws {RpcError} `invalid_argument`, naming the header, when one is missing or malformed
 */
export function readRequest(shared: Headers, own: Headers, body: Uint8Array): Request {
  if (own !== shared && own.size === PLAIN_HEADERS) {
    const plain = readPlain(shared, own, body);
    if (plain !== undefined) return plain;
  }
  const kind = own.get(HEADER.kind);
  const oneway = kind === "oneway";
  // In a pack only a one-way call states its kind.
  if (!oneway && kind !== "request" && kind) throw malformed(HEADER.kind, kind);
  const endless = oneway && !own.has(HEADER.timeout);
  const resent = own.has(HEADER.attempt);
  const request: Request = {
    id: own === shared ? text(own, HEADER.id) : detached(text(own, HEADER.id)),
    kind: oneway ? "oneway" : "request",
    attempt: resent ? wholeNumber(own, HEADER.attempt, ATTEMPT) : 1,
    started: resent && own.get(HEADER.started) === "1" ? true : undefined,
    deadlineMs: endless ? Infinity : wholeNumber(own, HEADER.deadline, DEADLINE),
    timeoutMs: endless ? Infinity : wholeNumber(own, HEADER.timeout, TIMEOUT),
    type: text(own.has(HEADER.type) ? own : shared, HEADER.type),
    replyTo: oneway ? "" : text(own.has(HEADER.reply) ? own : shared, HEADER.reply),
    key: optional(own, HEADER.key),
    plan: planNumber(own.has(HEADER.plan) ? own : shared),
    chain: decodeChain(own.get(HEADER.chain)),
    trace: readTrace(own),
    idempotencyKey: optional(own, HEADER.idempotencyKey),
    from: optional(own, HEADER.from) ?? optional(shared, HEADER.from),
    userHeaders: userHeaders(own),
    body: own.get(HEADER.empty) === "1" ? NO_BODY : body,
  };
  return own.has(HEADER.credit) ? { ...request, credit: credit(own) } : request;
}

/** Headers of a call in a pack that has nothing of its own but its id and its time. */
const PLAIN_HEADERS = 3;

/** Reads a request of so many headers, where they are those: nearly all are, and need not be asked for the others. */
function readPlain(shared: Headers, own: Headers, body: Uint8Array): Request | undefined {
  if (!own.has(HEADER.id) || !own.has(HEADER.deadline) || !own.has(HEADER.timeout)) return undefined;
  return {
    id: detached(text(own, HEADER.id)),
    kind: "request",
    attempt: 1,
    started: undefined,
    deadlineMs: wholeNumber(own, HEADER.deadline, DEADLINE),
    timeoutMs: wholeNumber(own, HEADER.timeout, TIMEOUT),
    type: text(shared, HEADER.type),
    replyTo: text(shared, HEADER.reply),
    key: undefined,
    plan: planNumber(shared),
    chain: NO_CALLS,
    trace: undefined,
    idempotencyKey: undefined,
    from: optional(shared, HEADER.from),
    userHeaders: NO_HEADERS,
    body,
  };
}

function readTrace(own: Headers): TraceHeaders | undefined {
  const traceparent = optional(own, TRACE_HEADER.traceparent);
  if (traceparent === undefined) return undefined;
  return {
    traceparent,
    tracestate: optional(own, TRACE_HEADER.tracestate),
    baggage: optional(own, TRACE_HEADER.baggage),
  };
}

/** The user's own headers among all, their names without prefix. */
export function userHeaders(headers: Headers): ReadonlyMap<string, string> {
  let found: Map<string, string> | undefined;
  // By names alone: most headers are none, and pairs would cost an array each.
  for (const name of headers.keys()) {
    if (!name.startsWith(USER_PREFIX)) continue;
    found ??= new Map();
    found.set(name.slice(USER_PREFIX.length), unescapeHeader(headers.get(name) ?? ""));
  }
  return found ?? NO_HEADERS;
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map();
const ATTEMPT = new WholeNumber();
const DEADLINE = new WholeNumber();
const TIMEOUT = new WholeNumber();
const PLAN = new WholeNumber();

function text(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value === undefined || value === "") throw malformed(name, value);
  if (name === HEADER.id && !isCallId(value)) throw malformed(name, value);
  return value;
}

/** A copy of its own: a text that was cut out of a pack's heads keeps all of them, and ids are remembered for long. */
function detached(id: string): string {
  return (" " + id).slice(1);
}

/** Brokers drop headers without a value: an empty one is a missing one on every transport. */
function optional(headers: Headers, name: string): string | undefined {
  const value = headers.get(name);
  return value === undefined || value === "" ? undefined : unescapeHeader(value);
}

function wholeNumber(headers: Headers, name: string, form: WholeNumber): number {
  const value = headers.get(name);
  const read = value === undefined ? undefined : form.read(value);
  if (read === undefined) throw malformed(name, value);
  return read;
}

/** Missing where the sender knows no declared plan. */
function planNumber(headers: Headers): number | undefined {
  if (!headers.has(HEADER.plan)) return undefined;
  const number = wholeNumber(headers, HEADER.plan, PLAN);
  if (number === 0) throw malformed(HEADER.plan, "0");
  return number;
}

function credit(own: Headers): Credit {
  const value = own.get(HEADER.credit);
  const read = value === undefined ? undefined : readCredit(value);
  if (read === undefined) throw malformed(HEADER.credit, value);
  return read;
}

function malformed(name: string, value: string | undefined): RpcError {
  const found = value === undefined
    ? "it is missing"
    : `current value is ${JSON.stringify(value.slice(0, 80))}`;
  return new RpcError("invalid_argument", `Cannot read the request's header '${name}': ${found}`, {
    outcome: "rejected",
  });
}
