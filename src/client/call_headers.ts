import { MAX_HEADER_BYTES } from "../call/defaults.ts";
import type { TraceHeaders } from "../call/inbound.ts";
import type { CallOptions } from "../contract/call_options.ts";
import { encodeChain } from "../envelope/chain.ts";
import { escapeHeader, HEADER, USER_PREFIX } from "../envelope/headers.ts";
import type { Request } from "../envelope/request.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import { notSent } from "./refusal.ts";

const NO_HEADERS: ReadonlyMap<string, string> = new Map();
const HEADER_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Checks what the user puts into headers.
 *
 * @throws {RpcError} `invalid_argument` / `not_sent`, saying what is wrong
 */
export function callHeaders({ headers, idempotencyKey }: CallOptions): ReadonlyMap<string, string> {
  if (idempotencyKey !== undefined && !isText(idempotencyKey)) {
    throw invalid("Cannot use the 'idempotencyKey': it must be a text that is not empty");
  }
  if (headers === undefined) return NO_HEADERS;
  const checked = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) {
      throw invalid(`Cannot send the header ${JSON.stringify(name)}: use letters, digits, "-", "_", "."`);
    }
    if (!isText(value)) {
      throw invalid(`Cannot send the header "${name}": its value must be a text that is not empty`);
    }
    checked.set(name, value);
  }
  return checked;
}

/**
 * Checks that what a request carries in headers stays within what brokers take, by its size on the wire. Cheap for
 * a call that is not nested and brings no headers of its own.
 *
 * @returns what travels of its trace: no call fails because state and baggage leave it no room
 * @throws {RpcError} `invalid_argument` / `not_sent`
 */
export function checkHeaderBytes(
  { userHeaders, idempotencyKey, chain, trace }: Request,
): TraceHeaders | undefined {
  if (userHeaders.size === 0 && idempotencyKey === undefined && chain.length === 0 && trace === undefined) {
    return undefined;
  }
  let bytes = chain.length === 0 ? 0 : HEADER.chain.length + encodeChain(chain).length;
  if (idempotencyKey !== undefined) {
    bytes += HEADER.idempotencyKey.length + escapeHeader(idempotencyKey).length;
  }
  for (const [name, value] of userHeaders) {
    bytes += USER_PREFIX.length + name.length + escapeHeader(value).length;
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw invalid(
      `Cannot send the headers: with the 'idempotencyKey' and the chain of calls they take ${bytes} bytes, ` +
        `at most ${MAX_HEADER_BYTES} travel`,
    );
  }
  return trace === undefined || bytes + lengthOf(trace) <= MAX_HEADER_BYTES
    ? trace
    : { traceparent: trace.traceparent };
}

function lengthOf({ traceparent, tracestate, baggage }: TraceHeaders): number {
  let bytes = traceparent.length;
  if (tracestate !== undefined) bytes += escapeHeader(tracestate).length;
  if (baggage !== undefined) bytes += escapeHeader(baggage).length;
  return bytes;
}

/** Whether a value travels as it is: a lone surrogate would not. */
function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

function invalid(message: string): RpcError {
  return notSent("invalid_argument", message);
}
