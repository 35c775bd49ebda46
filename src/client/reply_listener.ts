import { HEADER } from "../envelope/headers.ts";
import { readDirect } from "../envelope/direct.ts";
import { decodePack } from "../envelope/pack.ts";
import { readReply, type Reply } from "../envelope/reply.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { DirectMessage } from "../transport/transport.ts";
import type { Owners } from "./owners.ts";
import type { PendingCalls } from "./pending.ts";

const log = logger("caller");

/**
 * Settles pending calls by what arrives at the reply address: stop 12 of a call. What is no reply of ours is
 * logged, counted and dropped; a late or second reply is counted by the table.
 */
export function listenForReplies(
  pending: PendingCalls,
  owners: Owners,
): (message: DirectMessage) => void {
  const refuse = (error: unknown) => {
    pending.refused();
    log.warn(EVENTS.caller.replyRefused, { error });
  };
  return (message) => {
    try {
      const responder = readDirect(message.headers.get(HEADER.direct));
      if (responder !== undefined) owners.learn(responder, responder.address);
      for (const reply of repliesIn(message, refuse)) {
        if (!pending.reply(reply)) log.debug(EVENTS.caller.lateReply, { callId: reply.id });
      }
    } catch (error) {
      refuse(error);
    }
  };
}

function* repliesIn(message: DirectMessage, refuse: (error: unknown) => void): Generator<Reply> {
  const kind = message.headers.get(HEADER.kind);
  if (kind !== undefined && kind !== "reply" && kind !== "pack") {
    return refuse(new TypeError(`It is a ${kind.slice(0, 20)}, which nobody here takes`));
  }
  if (kind === "pack") {
    for (const entry of decodePack(message.body)) {
      const reply = readReply(message.headers, entry.headers, entry.body);
      if (reply !== undefined) yield reply;
      else refuse(new TypeError("An entry of the pack names no call"));
    }
    return;
  }
  const reply = readReply(message.headers, message.headers, message.body, message.plain?.correlationId);
  if (reply !== undefined) yield reply;
  else refuse(new TypeError("It names no call"));
}
