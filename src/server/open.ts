import { CALL_TIMEOUT_MS } from "../call/defaults.ts";
import { ENVELOPE_VERSION, HEADER } from "../envelope/headers.ts";
import { decodePack } from "../envelope/pack.ts";
import { readRequest, type Request, userHeaders } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Delivery, Message, PlainRequest } from "../transport/transport.ts";

/** A request found in a message. */
export interface Opened {
  readonly request: Request;
  /** Set where the requester is a plain RocketMQ client. */
  readonly plain: PlainRequest | undefined;
  /** Its place among the calls of its message, from 0. */
  readonly index: number;
}

/**
 * Finds the requests in a message: one, those of a pack, or a plain one that a Java or Go client sent.
 *
 * @throws {RpcError} `invalid_argument`, saying what is wrong, when the message is none of these
 */
export function openDelivery(delivery: Delivery, contentType: string): readonly Opened[] {
  const { message } = delivery;
  if (message.damaged !== undefined) throw refused(message.damaged);
  const version = message.headers.get(HEADER.version);
  if (version === undefined) return [openPlain(message, delivery, contentType)];
  if (version !== ENVELOPE_VERSION) {
    throw refused(`Cannot read envelope version ${JSON.stringify(version.slice(0, 20))}`);
  }
  const kind = message.headers.get(HEADER.kind);
  switch (kind) {
    case "request":
    case "oneway":
      return [{
        request: readRequest(message.headers, message.headers, message.body),
        plain: undefined,
        index: 0,
      }];
    case "pack":
      return decodePack(message.body).map((entry, index) => ({
        request: readRequest(message.headers, entry.headers, entry.body),
        plain: undefined,
        index,
      }));
    default:
      throw refused(`Cannot serve an envelope of kind ${JSON.stringify(kind?.slice(0, 20) ?? null)}`);
  }
}

/** RocketMQ's own request-reply: the correlation id is the call, the body is the input. */
function openPlain(message: Message, delivery: Delivery, contentType: string): Opened {
  const { plain } = message;
  if (plain?.replyTo === undefined) {
    throw refused("Cannot serve a message that is neither a call nor a plain request");
  }
  const timeoutMs = plain.ttlMs > 0 ? plain.ttlMs : CALL_TIMEOUT_MS;
  const request: Request = {
    id: plain.correlationId,
    kind: "request",
    attempt: 1,
    started: undefined,
    deadlineMs: delivery.storedAtMs + timeoutMs,
    timeoutMs,
    type: contentType,
    replyTo: plain.replyTo,
    key: undefined,
    chain: [],
    trace: undefined,
    idempotencyKey: undefined,
    from: undefined,
    userHeaders: userHeaders(message.headers),
    body: message.body,
  };
  return { request, plain, index: 0 };
}

function refused(message: string): RpcError {
  return new RpcError("invalid_argument", message, { outcome: "rejected" });
}
