import type { Message } from "../transport/transport.ts";
import { NO_BODY, travelling } from "./body.ts";
import { isCallId } from "./call_id.ts";
import { ENVELOPE_VERSION, HEADER, type Headers } from "./headers.ts";

/**
 * The message that cancels a call, for its queue or its owner's direct address. It has no keys: under the call's id
 * a broker shall find the request and its reply, and nothing else.
 */
export function cancelMessage(callId: string, method: string): Omit<Message, "topic"> {
  const headers = new Map([
    [HEADER.version, ENVELOPE_VERSION],
    [HEADER.kind, "cancel"],
    [HEADER.id, callId],
    [HEADER.empty, "1"],
  ]);
  return { tag: method, keys: [], headers, body: travelling(NO_BODY) };
}

/** The id of the call that a message cancels; `undefined` where it is no cancel, or none that can be read. */
export function readCancel(headers: Headers): string | undefined {
  if (headers.get(HEADER.kind) !== "cancel" || headers.get(HEADER.version) !== ENVELOPE_VERSION) {
    return undefined;
  }
  const id = headers.get(HEADER.id);
  return isCallId(id) ? id : undefined;
}
