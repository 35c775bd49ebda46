import { HEADER } from "../envelope/headers.ts";
import { decodePack } from "../envelope/pack.ts";
import { readReply, type Reply } from "../envelope/reply.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { DirectMessage } from "../transport/transport.ts";
import type { Owners } from "./owners.ts";
import type { PendingCalls } from "./pending.ts";
import type { OpenStreams } from "./streams.ts";

const log = logger("caller");

/**
 * Settles pending calls by what arrives at the reply address: stop 12 of a call. What is no reply of ours is
 * logged, counted and dropped; a late or second reply is counted by the table.
 */
export function listenForReplies(
  pending: PendingCalls,
  owners: Owners,
  streams?: OpenStreams,
): (message: DirectMessage) => void {
  return (message) => {
    try {
      const direct = message.headers.get(HEADER.direct);
      if (direct !== undefined) owners.learnFrom(direct);
      if (streams === undefined || !isOfStream(message) || !streams.receive(message)) {
        settleBy(message, pending);
      }
    } catch (error) {
      refuse(pending, error);
    }
  };
}

/** Packs of replies name no call. */
function isOfStream({ headers }: DirectMessage): boolean {
  const kind = headers.get(HEADER.kind);
  return kind !== undefined && kind !== "reply" && (kind !== "pack" || headers.has(HEADER.id));
}

function settleBy(message: DirectMessage, pending: PendingCalls): void {
  const { headers, body, plain } = message;
  const kind = headers.get(HEADER.kind);
  if (kind !== undefined && kind !== "reply" && kind !== "pack") {
    return refuse(pending, new TypeError(`It is a ${kind.slice(0, 20)}, which nobody here takes`));
  }
  if (kind === "pack") {
    for (const entry of decodePack(body)) {
      const reply = readReply(headers, entry.headers, entry.body);
      if (reply !== undefined) settle(pending, reply);
      else refuse(pending, new TypeError("An entry of the pack names no call"));
    }
    return;
  }
  const reply = readReply(headers, headers, body, plain?.correlationId);
  if (reply !== undefined) settle(pending, reply);
  else refuse(pending, new TypeError("It names no call"));
}

function settle(pending: PendingCalls, reply: Reply): void {
  if (!pending.reply(reply)) log.debug(EVENTS.caller.lateReply, { callId: reply.id });
}

function refuse(pending: PendingCalls, error: unknown): void {
  pending.refused();
  log.warn(EVENTS.caller.replyRefused, { error });
}
