import { isCode } from "../errors/code.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Outcome } from "../errors/outcome.ts";
import type { Ran } from "../call/inbound.ts";
import { MAX_ERROR_TEXT_BYTES } from "../call/defaults.ts";
import {
  cutText,
  ENVELOPE_VERSION,
  escapeHeader,
  HEADER,
  type Headers,
  type HeaderSink,
  unescapeHeader,
} from "./headers.ts";
import { NO_BODY } from "./body.ts";

/** A reply as it travels: an encoded output, or an error and whether its handler ran. */
export type Reply =
  | { readonly id: string; readonly ok: true; readonly type: string; readonly body: Uint8Array | undefined }
  | {
    readonly id: string;
    readonly ok: false;
    readonly error: RpcError;
    readonly ran: Ran;
    readonly declared?: DeclaredBody | undefined;
    /** Of a refusal: the message that it refuses. The call may have been sent again. */
    readonly origin?: string | undefined;
  };

/** A declared error as it travels. */
export interface DeclaredBody {
  /** The name under which the contract declares it. */
  readonly name: string;
  /** Content type of the details. */
  readonly type: string;
  /** The encoded details, or `undefined` for none. */
  readonly body: Uint8Array | undefined;
}

/** Writes what is one reply's own. */
export function writeReply(reply: Reply, into: HeaderSink): void {
  into.set(HEADER.id, reply.id);
  if (reply.ok) {
    into.set(HEADER.code, "ok");
    into.set(HEADER.type, reply.type);
    if (reply.body === undefined) into.set(HEADER.empty, "1");
    return;
  }
  into.set(HEADER.code, reply.error.code);
  into.set(HEADER.message, escapeHeader(cutText(reply.error.message, MAX_ERROR_TEXT_BYTES)));
  into.set(HEADER.ran, reply.ran);
  const { declared, origin } = reply;
  if (origin !== undefined) into.set(HEADER.origin, escapeHeader(origin));
  if (declared !== undefined) {
    into.set(HEADER.error, declared.name);
    into.set(HEADER.type, declared.type);
  }
  if (declared?.body === undefined) into.set(HEADER.empty, "1");
}

/** All headers of a reply that travels alone. */
export function replyHeaders(reply: Reply): Map<string, string> {
  const headers = new Map([[HEADER.version, ENVELOPE_VERSION], [HEADER.kind, "reply"]]);
  writeReply(reply, headers);
  return headers;
}

/** The encoded output of a reply, or its error's encoded details, or `undefined`. */
export function replyBody(reply: Reply): Uint8Array | undefined {
  return reply.ok ? reply.body : reply.declared?.body;
}

/**
 * Reads a reply. One without `rpc-code` is a plain responder's and means ok.
 *
 * @param shared headers of the message that carried it
 * @param own headers of its own: the same ones, or its entry's in a pack
 * @param body the body that travelled
 * @param correlationId the call, where a plain responder answers, who names it by RocketMQ's own word only
 * @returns `undefined` when it names no call
 */
export function readReply(
  shared: Headers,
  own: Headers,
  body: Uint8Array,
  correlationId?: string,
): Reply | undefined {
  const id = own.get(HEADER.id) ?? correlationId;
  if (id === undefined) return undefined;
  const code = own.get(HEADER.code);
  if (code === undefined || code === "ok") {
    const type = own.get(HEADER.type) ?? shared.get(HEADER.type) ?? "";
    return { id, ok: true, type, body: own.get(HEADER.empty) === "1" ? NO_BODY : body };
  }
  const ran = readRan(own.get(HEADER.ran));
  // A callee of ours has cut it; whoever else answers is not to fill the caller's logs.
  const message = cutText(unescapeHeader(own.get(HEADER.message) ?? ""), MAX_ERROR_TEXT_BYTES);
  // A code of a later version is still a failure; it must not be mistaken for success.
  const known = isCode(code) ? code : "unknown";
  const error = new RpcError(known, message, { outcome: outcomeOf(ran, code), callId: id });
  const name = own.get(HEADER.error);
  if (name === undefined || name === "") return { id, ok: false, error, ran, ...originOf(own) };
  const type = own.get(HEADER.type) ?? shared.get(HEADER.type) ?? "";
  const declared = { name, type, body: own.get(HEADER.empty) === "1" ? NO_BODY : body };
  return { id, ok: false, error, ran, declared };
}

/**
 * Whether the caller may send the call again under its id, and have it run: it was refused before any handler. One that
 * expired or was cancelled has come to its end.
 */
export function isRetryable(reply: Reply): boolean {
  if (reply.ok || reply.ran !== "no") return false;
  return reply.error.code !== "cancelled" && reply.error.code !== "deadline_exceeded";
}

function originOf(headers: Headers): { readonly origin?: string } {
  const origin = headers.get(HEADER.origin);
  return origin === undefined ? NOTHING : { origin: unescapeHeader(origin) };
}

const NOTHING = {};

function readRan(value: string | undefined): Ran {
  return value === "no" || value === "yes" || value === "lost" ? value : "maybe";
}

/** What the caller may conclude from what the callee knows. */
function outcomeOf(ran: Ran, code: string): Outcome {
  switch (ran) {
    case "no":
      return code === "deadline_exceeded" ? "expired" : "rejected";
    case "yes":
      return "replied";
    case "lost":
      return "executed_reply_lost";
    case "maybe":
      return "sent_unknown";
  }
}
