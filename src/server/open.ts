import { CALL_TIMEOUT_MS } from "../call/defaults.ts";
import { MAX_TIMEOUT_MS } from "../contract/defaults.ts";
import type { Contract } from "../contract/types.ts";
import { isCallId } from "../envelope/call_id.ts";
import { ENVELOPE_VERSION, HEADER, type Headers, unescapeHeader } from "../envelope/headers.ts";
import { decodePack } from "../envelope/pack.ts";
import { readRequest, readTrace, type Request, userHeaders } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Delivery, Message, PlainRequest } from "../transport/transport.ts";

/** What must be known of a contract to open its messages. */
export type OpenContract = Pick<Contract, "codec" | "methods">;

/** A request found in a message. */
export interface Opened {
  readonly request: Request;
  /** Set where the requester is a plain RocketMQ client. */
  readonly plain: PlainRequest | undefined;
  /** Its place among the calls of its message, from 0. */
  readonly index: number;
}

/** A request whose headers cannot be read, and what of it can. */
export class Unreadable {
  /** What is wrong with it. */
  readonly error: RpcError;
  /** All its headers, those that its pack states for it included. */
  readonly headers: Headers;
  readonly body: Uint8Array;

  constructor(error: RpcError, headers: Headers, body: Uint8Array) {
    this.error = error;
    this.headers = headers;
    this.body = body;
  }

  /** The call's id, where that is legible. */
  get id(): string | undefined {
    const id = this.headers.get(HEADER.id);
    return isCallId(id) ? id : undefined;
  }

  /** Where somebody waits for the answer, or `undefined`. */
  get replyTo(): string | undefined {
    if (this.headers.get(HEADER.kind) === "oneway") return undefined;
    return this.headers.get(HEADER.reply) || undefined;
  }
}

/**
 * Finds the requests in a message: one, those of a pack, or a plain one that a Java or Go client sent. One whose
 * headers are wrong spoils no other of its pack.
 *
 * @throws {RpcError} `invalid_argument`, saying what is wrong, when the message is none of these
 */
export function openDelivery(
  delivery: Delivery,
  contract: OpenContract,
): readonly (Opened | Unreadable)[] {
  const { message } = delivery;
  if (message.damaged !== undefined) throw refused(message.damaged);
  const version = message.headers.get(HEADER.version);
  if (version === undefined) return [openPlain(message, delivery, contract)];
  if (version !== ENVELOPE_VERSION) {
    throw refused(`Cannot read envelope version ${JSON.stringify(version.slice(0, 20))}`);
  }
  const kind = message.headers.get(HEADER.kind);
  switch (kind) {
    case "request":
    case "oneway":
      return [openRequest(message.headers, message.headers, message.body, 0)];
    case "pack":
      return decodePack(message.body).map((entry, index) =>
        openRequest(message.headers, entry.headers, entry.body, index)
      );
    default:
      throw refused(`Cannot serve an envelope of kind ${JSON.stringify(kind?.slice(0, 20) ?? null)}`);
  }
}

/** Reads one request of a message. */
export function openRequest(
  shared: Headers,
  own: Headers,
  body: Uint8Array,
  index: number,
): Opened | Unreadable {
  try {
    return { request: readRequest(shared, own, body), plain: undefined, index };
  } catch (error) {
    const headers = own === shared ? own : new Map([...shared, [HEADER.kind, "request"], ...own]);
    return new Unreadable(RpcError.from(error), headers, body);
  }
}

/**
 * RocketMQ's own request-reply: the correlation id is the call, the body is the input. What RocketMQ has no word for, a
 * stranger may state by our headers.
 */
function openPlain(message: Message, delivery: Delivery, { codec, methods }: OpenContract): Opened {
  const { plain } = message;
  if (plain?.replyTo === undefined) {
    throw refused("Cannot serve a message that is neither a call nor a plain request");
  }
  const settings = Object.hasOwn(methods, message.tag) ? methods[message.tag]?.settings : undefined;
  const ttlMs = statedTimeout(message) ?? plain.ttlMs;
  const timeoutMs = ttlMs > 0 ? Math.min(ttlMs, MAX_TIMEOUT_MS) : settings?.timeoutMs ?? CALL_TIMEOUT_MS;
  const request: Request = {
    id: plain.correlationId,
    kind: "request",
    attempt: 1,
    started: undefined,
    deadlineMs: delivery.storedAtMs + timeoutMs,
    timeoutMs,
    type: codec.contentType,
    replyTo: plain.replyTo,
    key: stated(message, HEADER.key),
    plan: undefined,
    chain: [],
    trace: readTrace(message.headers),
    idempotencyKey: stated(message, HEADER.idempotencyKey),
    from: undefined,
    userHeaders: userHeaders(message.headers),
    body: message.body,
  };
  return { request, plain, index: 0 };
}

/** One of our headers that a stranger may set; brokers drop those without a value. */
function stated({ headers }: Message, name: string): string | undefined {
  const value = headers.get(name);
  return value === undefined || value === "" ? undefined : unescapeHeader(value);
}

/** What clients write down as TTL is too coarse below a second: a stranger may state milliseconds by our header. */
function statedTimeout({ headers }: Message): number | undefined {
  const text = headers.get(HEADER.timeout);
  return text !== undefined && /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined;
}

function refused(message: string): RpcError {
  return new RpcError("invalid_argument", message, { outcome: "rejected" });
}
