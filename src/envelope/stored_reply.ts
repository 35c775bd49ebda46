import type { StoredReply } from "../transport/transport.ts";
import { HEADER } from "./headers.ts";
import { decodePack } from "./pack.ts";
import { isRetryable, readReply, type Reply } from "./reply.ts";

/** The replies in what was stored on its way to an address. */
export function* repliesStored({ headers, body }: StoredReply): Generator<Reply> {
  const kind = headers.get(HEADER.kind);
  // Whatever else was stored under the id of a call is no answer, though it may be read as one.
  if (kind === "reply") {
    const reply = readReply(headers, headers, body);
    if (reply !== undefined) yield reply;
  }
  if (kind !== "pack") return;
  for (const entry of decodePack(body)) {
    const reply = readReply(headers, entry.headers, entry.body);
    if (reply !== undefined) yield reply;
  }
}

/**
 * The reply to one message of a call, among all that was stored under its id: the one that ended the call, or where none
 * did the refusal of that message. Refusals of others mean nothing to it: the call was sent again, and that time it may
 * have been started.
 *
 * @param stored the newest first
 * @param origin which message
 * @throws {RpcError} when none ended the call and one of them cannot be read
 */
export function replyToMessage(
  stored: readonly StoredReply[],
  id: string,
  origin: string,
): Reply | undefined {
  let failure: unknown;
  let refusal: Reply | undefined;
  for (const candidate of stored) {
    try {
      for (const reply of repliesStored(candidate)) {
        if (reply.id !== id) continue;
        if (!isRetryable(reply)) return reply;
        if (!reply.ok && reply.origin === origin) refusal ??= reply;
      }
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return refusal;
}
