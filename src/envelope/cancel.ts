import type { Message } from "../transport/transport.ts";
import { NO_BODY, travelling } from "./body.ts";
import { ENVELOPE_VERSION, HEADER, type Headers } from "./headers.ts";

/** The message that asks a callee to give a call up. */
export function cancelMessage(callId: string, method: string): Omit<Message, "topic"> {
  const headers = new Map([[HEADER.version, ENVELOPE_VERSION], [HEADER.kind, "cancel"], [HEADER.id, callId]]);
  return { tag: method, keys: [callId], headers, body: travelling(NO_BODY) };
}

/** The id of the call that a cancel means, or `undefined` when it names none. */
export function readCancel(headers: Headers): string | undefined {
  return headers.get(HEADER.id);
}
